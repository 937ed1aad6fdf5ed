import GatewayTestKit
import Mail
import SMTP
import Testing

/// smtp-postfix: what of Postfix's own tests is about something that we have too. README.md names the rest, and why it is not used.
@Suite(.enabled(if: DataSet.isThere("smtp-postfix"), "no smtp-postfix in POSTERN_TESTDATA")) struct PostfixDataSetTests {
    /// valid_hostname.in: a host name each. `.ref` has a warning for each reading that fails.
    private struct HostRow {
        var text: String
        var isName = true
        var isAddress = true
    }

    private static func hosts() throws -> [HostRow] {
        var rows: [HostRow] = []
        for line in try DataSet.lines("smtp-postfix/util/valid_hostname.ref") {
            if let text = line.split(separator: "testing: \"", maxSplits: 1).dropFirst().first {
                rows.append(HostRow(text: String(text.dropLast())))
            } else if line.contains("warning: valid_hostname:") {
                rows[rows.count - 1].isName = false
            } else if line.contains("warning:") {
                rows[rows.count - 1].isAddress = false
            }
        }
        return rows
    }

    /// RFC 5321's grammar has no rule against labels of digits; whether such a domain exists is the DNS's business. Where a name is looked up
    /// (next hops, our own domains in the configuration), a last label of digits is refused.
    private static let digits = "labels of digits only are a Domain by RFC 5321 section 4.1.2"
    static let nameReasons: [String: String] = [
        "1": digits, "321": digits, "1.2.3": digits, "1.2.3.4": digits, "1.2.3.4.5": digits, "0.0.0.0": digits, "255.255.255.255": digits,
        "0.255.255.255": digits, "321.255.255.255": digits, "1.2.3.321": digits,
        "123456789012345678901234567890123456789012345678901234567890123": digits,
        "*.foo.bar": "a wildcard names a certificate or a zone's record, never a mail domain",
    ]
    private static let wildcard = "the reference does not try a name with `*` as an address"
    static let addressReasons: [String: String] = [
        "0.255.255.255": "network 0 is never a client's, and yet an address (RFC 1122 section 3.2.1.3); filters see it as it is",
        "a:a:a:a:a:1.2.3.4": "seven groups where eight are needed (RFC 4291 section 2.2); the reference does not count them",
        "*.foo.bar": wildcard, "*foo.bar": wildcard, "foo.*.bar": wildcard, "foo*bar": wildcard, "foo.bar*": wildcard, "*": wildcard,
    ]

    /// As a mail domain.
    @Test func names() throws {
        let rows = try Self.hosts()
        #expect(rows.count >= 58)
        var comparison = Comparison(reasons: Self.nameReasons)
        for row in rows {
            comparison.row(
                row.text, expected: row.isName ? "taken" : "refused",
                ours: EmailAddress(mailbox: "a@" + row.text) == nil ? "refused" : "taken", row.text)
        }
        #expect(comparison.problems == [])
    }

    @Test func addresses() throws {
        let rows = try Self.hosts()
        #expect(rows.count >= 58)
        var comparison = Comparison(reasons: Self.addressReasons)
        for row in rows {
            comparison.row(
                row.text, expected: row.isAddress ? "taken" : "refused", ours: IPAddress(row.text) == nil ? "refused" : "taken", row.text)
        }
        #expect(comparison.problems == [])
    }

    /// namadr_list: a pattern, a name, an address: is it in the list? Those whose pattern is one network.
    @Test func networks() throws {
        let commands = try DataSet.lines("smtp-postfix/global/namadr_list.in")
        let results = try DataSet.lines("smtp-postfix/global/namadr_list.ref")
        let questions = commands.compactMap { line in
            line.split(separator: "./namadr_list ", maxSplits: 1).dropFirst().first.map { $0.replacing("'", with: "") }
        }
        let answers = results.compactMap { line in ["YES", "NO", "ERROR"].first { line.hasSuffix(": " + $0) } }
        try #require(questions.count == answers.count)
        var comparison = Comparison(reasons: Self.networkReasons)
        for (question, answer) in zip(questions, answers) {
            let words = question.split(separator: " ")
            // An IPv6 network stands in brackets there.
            guard words.count == 3, words[0].first == "[" || words[0].first?.isNumber == true else { continue }
            let pattern = words[0].replacing("[", with: "").replacing("]", with: "")
            var ours = "ERROR"
            if let network = IPNetwork(pattern) { ours = IPAddress(String(words[2])).map(network.contains) == true ? "YES" : "NO" }
            comparison.row("\(words[0]) \(words[2])", expected: answer, ours: ours, String(question))
        }
        #expect(comparison.rows == 19)
        #expect(comparison.problems == [])
    }

    static let networkReasons: [String: String] = [
        "2001:240:5c7:0:2d0:b7ff:fe88:2ca7 2001:240:5c7:0:2d0:b7ff:fe88:2ca7":
            "without brackets it names a table there; our lists have no tables, and IPv6 addresses stand bare",
        "[be:be] 127.0.0.1": "a pattern that is malformed is an error whoever asks",
    ]
}
