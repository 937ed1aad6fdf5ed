import GatewayTestKit
import MIME
import Mail
import Testing

/// mime-evasion-noxxi: messages in which mail clients find a file, or its name, where scanners do not.
@Suite(.enabled(if: DataSet.isThere("mime-evasion-noxxi"), "no mime-evasion-noxxi in POSTERN_TESTDATA")) struct EvasionDataSetTests {
    private static let folder = "mime-evasion-noxxi"

    private struct Row {
        var file: String
        var validity: Int
        var payload: String
    }

    private static func rows(_ kind: String) throws -> [Row] {
        try DataSet.lines("\(folder)/index.tsv").dropFirst().compactMap { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard columns.count > 4, columns[1] == kind, let validity = Int(columns[2]) else { return nil }
            return Row(file: "\(folder)/\(columns[0])", validity: validity, payload: columns[3])
        }
    }

    /// Not found by any reading here, and flagged: what would have to be done to find it.
    private static let notFound: [String: String] = [
        "multipart-basic-singlepart-binhex": "its BinHex holds 21 bytes that are none of the payload",
        "multipart-basic-singlepart-mac-binhex40": "its BinHex holds 21 bytes that are none of the payload",
        "multipart-basic-singlepart-x-gzip64": "what gzip packs is opened with the archives",
        "multipart-basic-singlepart-b64h-basic-base64-junk-4tuple+hash+b64nl": "letters behind junk are read on",
        "multipart-basic-singlepart-b64h-basic-base64-linelen-4X": "a letter more in each line is read on",
    ]

    @Test func hiddenContentIsFoundOrFlagged() throws {
        let rows = try Self.rows("hide-content")
        let valid = try #require(rows.first { $0.validity == 3 })
        let payload = try #require(Exploded(try DataSet.bytes(valid.file)).leaves.last?.bytes)
        #expect(payload.starts(with: Array("PK\u{3}\u{4}".utf8)) && payload.count == 186)
        #expect(rows.count >= 187)
        var missed: Set<String> = []
        for row in rows {
            let exploded = Exploded(try DataSet.bytes(row.file))
            // What a cut-off encoding leaves behind the end of an archive is none of it.
            let isFound = exploded.leaves.contains { $0.bytes.starts(with: payload) && $0.bytes.count <= payload.count + 16 }
            if row.validity >= 2 {
                #expect(isFound && !exploded.isFlagged, "\(row.payload) \(row.file): \(exploded.isFlagged)")
            }
            #expect(isFound || exploded.isFlagged, "\(row.payload) \(row.file)")
            if !isFound {
                missed.insert(row.payload)
                #expect(Self.notFound[row.payload] != nil, "not found: \(row.payload) \(row.file)")
            }
        }
        #expect(missed == Set(Self.notFound.keys).intersection(rows.map(\.payload)), "a reason that is not needed any more")
    }

    @Test func hiddenNamesAreFoundOrFlagged() throws {
        let rows = try Self.rows("hide-filename").filter { $0.payload != "fname-cdisp.png" }
        #expect(rows.count >= 86)
        for row in rows {
            let exploded = Exploded(try DataSet.bytes(row.file))
            let isFound = exploded.tree.parts.contains { $0.content.names.contains("file.zip") }
            #expect(isFound || row.validity < 2 && exploded.isFlagged, "\(row.payload) \(row.file)")
        }
    }
}
