import Foundation
import GatewayTestKit
import MIME
import Mail
import Testing

/// mime-mime4j: messages beside the decoded bytes of each of their leaves.
@Suite(.enabled(if: DataSet.isThere("mime-mime4j"), "no mime-mime4j in POSTERN_TESTDATA")) struct Mime4jDataSetTests {
    /// Why a file differs.
    private static let reasons: [String: String] = [
        "mimetools-testmsgs/frag": "base64 that is cut off within a group: the whole bytes of it count",
        "testmsgs/ending-boundaries": "a line that begins with a boundary and goes on is none; theirs is our other reading",
        "testmsgs/malformedHeader-nocrlfcrlf": "the body begins with the line that is no field; theirs is our other reading",
        "testmsgs/malformedHeaderStartsBody-nocrlfcrlf": "the line that is no field is the body's; they drop the field behind it",
        "testmsgs/weird-boundary": "blanks at a boundary's end do not count",
    ]

    @Test func leavesAreTheSame() throws {
        var comparison = Comparison(reasons: Self.reasons)
        for path in try DataSet.files("mime-mime4j", suffix: ".msg") {
            let stem = String(path.dropLast(4))
            let xml = try DataSet.bytes("\(stem)_decoded.xml")
            let folder = URL(filePath: stem).deletingLastPathComponent().relativePath
            // In the order of the file: each leaf's bytes are in a file that the XML names.
            let names = String(decoding: xml, as: UTF8.self).components(separatedBy: "-body name=\"").dropFirst().map {
                String($0.prefix { $0 != "\"" })
            }
            let theirs = try names.map { try DataSet.bytes("\(folder)/\($0)") }
            let ours = Exploded(try DataSet.bytes(path)).firstLeaves
            var problem: String?
            if ours.count != theirs.count { problem = "\(ours.count) leaves, theirs \(theirs.count)" }
            for (our, their) in zip(ours, theirs) where problem == nil {
                let (a, b) = (our.bytes.filter { $0 != 13 }, their.filter { $0 != 13 })
                if a != b {
                    problem =
                        "\(our.part.path) \(our.part.declaredType): \(our.bytes.count) bytes, theirs \(their.count): \(String(decoding: our.bytes.suffix(40), as: UTF8.self).debugDescription) \(String(decoding: their.suffix(40), as: UTF8.self).debugDescription)"
                }
            }
            let name = String(stem.dropFirst("mime-mime4j/".count))
            comparison.row(name, difference: problem)
        }
        #expect(comparison.rows >= 39 && comparison.problems == [])
        print("mime-mime4j: \(comparison.summary("messages"))")
    }
}
