import GatewayTestKit
import Mail
import SMTP
import Testing

/// address-isemail: 89 addresses with a validator's word on each.
@Suite struct AddressDataSetTests {
    private struct Row: Decodable {
        var id: String
        var address: String
        var category: String
        var diagnosis: String
    }

    /// That set's categories, as its own documentation reads them: `RFC5321` is unusual and right in SMTP; `CFWS` and `DEPREC` may stand in a
    /// message's header and never in an envelope; `RFC5322` is right by that RFC only.
    private static let taken: Set<String> = ["ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"]
    private static let refused: Set<String> = ["ISEMAIL_ERR", "ISEMAIL_CFWS", "ISEMAIL_DEPREC", "ISEMAIL_RFC5322"]

    static let reasons: [String: String] = [:]

    @Test(.enabled(if: DataSet.isThere("address-isemail"), "no address-isemail in POSTERN_TESTDATA")) func addresses() throws {
        let rows = try DataSet.json("address-isemail/tests.json", as: [Row].self)
        #expect(rows.count >= 89)
        var comparison = Comparison(reasons: Self.reasons)
        for row in rows {
            try #require(Self.taken.contains(row.category) || Self.refused.contains(row.category), "an unknown category: \(row.category)")
            comparison.row(
                row.id, expected: Self.taken.contains(row.category) ? "taken" : "refused",
                ours: EmailAddress(mailbox: row.address) == nil ? "refused" : "taken", "\(row.address.debugDescription) \(row.diagnosis)")
        }
        #expect(comparison.problems == [])
    }
}
