import Foundation
import GatewayTestKit
import MIME
import Mail
import Testing

/// mime-mail-parser: messages beside the tree that another parser makes of them. Compared: what is a leaf, its type, its name, and its bytes, or its
/// text as UTF-8.
@Suite(.enabled(if: DataSet.isThere("mime-mail-parser"), "no mime-mail-parser in POSTERN_TESTDATA")) struct MailParserDataSetTests {
    struct Their {
        var type: String?
        var names: [String]
        var text: String?
        var bytes: [UInt8]?
    }

    /// Their leaves in order; messages within are leaves' worth of their own.
    static func leaves(_ message: [String: Any]) -> [Their] {
        guard let parts = message["parts"] as? [[String: Any]] else { return [] }
        return parts.flatMap { part -> [Their] in
            guard let body = part["body"] as? [String: Any], let kind = body.keys.first else { return [] }
            if kind == "Multipart" { return [] }
            if kind == "Message", let inner = body[kind] as? [String: Any] { return leaves(inner) }
            var their = Their(names: [])
            for header in part["headers"] as? [[String: Any]] ?? [] {
                guard let value = (header["value"] as? [String: Any])?["ContentType"] as? [String: Any] else { continue }
                let name = header["name"] as? String
                if name == "content_type", let type = value["c_type"] as? String {
                    their.type = "\(type)/\(value["c_subtype"] as? String ?? "")".lowercased()
                }
                for attribute in value["attributes"] as? [[String: Any]] ?? [] {
                    let key = attribute["name"] as? String
                    if key == "name" || key == "filename", let text = attribute["value"] as? String { their.names.append(text) }
                }
            }
            if let text = body[kind] as? String { their.text = text }
            if let numbers = body[kind] as? [Int] { their.bytes = numbers.map { UInt8(truncatingIfNeeded: $0) } }
            return [their]
        }
    }

    /// Why a file differs.
    private static let reasons: [String: String] = [
        "malformed/001.eml":
            "an outer boundary that begins with the inner one is the outer's; they take it for the inner's, our other reading",
        "malformed/007.eml": "behind a closed multipart they see one more part",
        "malformed/011.eml": "a multipart that is not closed ends at the boundary around it; they read on",
        "malformed/013.eml": "a boundary at the very end begins an empty part",
        "malformed/014.eml": "a boundary at the very end begins an empty part",
        "malformed/019.eml": "a boundary at the very end begins an empty part",
        "malformed/020.eml": "of two Content-Type fields the first counts; theirs is our other reading",
        "malformed/022.eml": "a message/rfc822 that is none is a message with an empty header; its name is the outer part's",
        "thirdparty/015.eml": "the body begins with the line that is no field; theirs, behind the empty line, is our other reading",
    ]

    @Test func leavesAreTheSame() throws {
        var comparison = Comparison(reasons: Self.reasons)
        for path in try DataSet.files("mime-mail-parser", suffix: ".eml") {
            let json = Data(try DataSet.bytes(String(path.dropLast(4)) + ".json"))
            let theirs = Self.leaves(try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any]))
            let ours = Exploded(try DataSet.bytes(path)).firstLeaves
            let name = String(path.dropFirst("mime-mail-parser/".count))
            var problem: String?
            if ours.count != theirs.count { problem = "\(ours.count) leaves, theirs \(theirs.count)" }
            for (our, their) in zip(ours, theirs) where problem == nil {
                if let type = their.type, type != our.part.declaredType {
                    problem = "\(our.part.path): \(our.part.declaredType), theirs \(type)"
                }
                if let name = their.names.first, !our.part.names.contains(name) {
                    problem = "\(our.part.path): \(our.part.names), theirs \(name)"
                }
                if let bytes = their.bytes, bytes != our.bytes {
                    problem = "\(our.part.path): \(our.bytes.count) bytes, theirs \(bytes.count)"
                }
                if let text = their.text {
                    let charset = Charset(label: our.part.charset) ?? .init(label: "us-ascii")!
                    let mine = charset.text(our.bytes, most: .max).0
                    if mine.filter({ $0 != "\r\n" && $0 != "\n" && $0 != "\r" })
                        != text.filter({ $0 != "\r\n" && $0 != "\n" && $0 != "\r" })
                    {
                        problem = "\(our.part.path): text \(mine.prefix(80).debugDescription), theirs \(text.prefix(80).debugDescription)"
                    }
                }
            }
            comparison.row(name, difference: problem)
        }
        #expect(comparison.rows >= 49 && comparison.problems == [])
        print("mime-mail-parser: \(comparison.summary("messages"))")
    }
}
