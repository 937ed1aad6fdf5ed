import Foundation
import MIME
import Mail
import Testing

/// mime-cpython: messages beside one parser's view of their parts: type, name, and how many bytes each leaf has.
@Suite struct StructureDataSetTests {
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
        guard let list = DataSet.bytes("mime-cpython/python-3.13-structure.jsonl") else { return }
        var differing: Set<String> = []
        var count = 0
        for line in list.split(separator: 0x0A) {
            let message = try JSONDecoder().decode(Message.self, from: Data(line))
            guard let theirs = message.parts, let bytes = DataSet.bytes("mime-cpython/\(message.file)") else { continue }
            count += 1
            let exploded = Exploded(bytes)
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
            if let problem {
                differing.insert(message.file)
                #expect(Self.reasons[message.file] != nil, "\(message.file): \(problem)")
            }
        }
        if count > 0 { #expect(differing == Set(Self.reasons.keys), "a reason that is not needed any more") }
        print("mime-cpython: \(count) messages, \(count - differing.count) as theirs")
    }
}
