import Foundation
import GatewayTestKit
import MIME
import Mail
import Testing

/// mime-cpython: messages beside one parser's view of their parts: type, name, and how many bytes each leaf has.
@Suite(.enabled(if: DataSet.isThere("mime-cpython"), "no mime-cpython in POSTERN_TESTDATA")) struct StructureDataSetTests {
    private struct Message: Decodable {
        struct Part: Decodable {
            var type: String
            var multipart: Bool
            var filename: String?
            var decoded_bytes: Int?
        }

        var file: String
        var parts: [Part]?
    }

    /// Why a file differs.
    private static let reasons: [String: String] = [
        "msg_16.txt": "message/delivery-status is one text; they make a message of each of its blocks",
        "msg_43.txt": "message/delivery-status is one text; they make a message of each of its blocks",
    ]

    @Test func partsAreTheSame() throws {
        var comparison = Comparison(reasons: Self.reasons)
        for line in try DataSet.bytes("mime-cpython/python-3.13-structure.jsonl").split(separator: 0x0A) {
            let message = try JSONDecoder().decode(Message.self, from: Data(line))
            guard let theirs = message.parts else { continue }
            let exploded = Exploded(try DataSet.bytes("mime-cpython/\(message.file)"))
            let ours = exploded.tree.parts.filter { !$0.content.path.contains("~") && !$0.content.path.contains("/") }.map(\.content)
            var problem: String?
            if ours.count != theirs.count { problem = "\(ours.map(\.declaredType)), theirs \(theirs.map(\.type))" }
            for (our, their) in zip(ours, theirs) where problem == nil {
                if our.declaredType != their.type { problem = "\(our.path): \(our.declaredType), theirs \(their.type)" }
                if let name = their.filename, !our.names.contains(name) { problem = "\(our.path): \(our.names), theirs \(name)" }
                if !their.multipart, let size = their.decoded_bytes, let leaf = exploded.leaves.first(where: { $0.part.path == our.path }),
                    leaf.bytes.count != size
                {
                    problem = "\(our.path): \(leaf.bytes.count) bytes, theirs \(size)"
                }
            }
            comparison.row(message.file, difference: problem)
        }
        #expect(comparison.rows >= 20 && comparison.problems == [])
        print("mime-cpython: \(comparison.summary("messages"))")
    }
}
