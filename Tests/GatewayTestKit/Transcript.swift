import Foundation

/// A dialogue written down, as in Tests/Transcripts/*.smtp; README.md there says how it is written.
public struct Transcript: Sendable, CustomStringConvertible {
    public enum Step: Hashable, Sendable {
        /// Bytes of the client.
        case send([UInt8])
        /// A line of the server, without CR LF; `*` stands for any text, `?` for any character.
        case expect(String)
        /// All lines of one reply, from `250-...` to `250 ...`.
        case expectReply(Int)
        /// The server closes the connection.
        case expectClosed
        /// Both begin TLS.
        case startTLS
    }

    public struct Line: Sendable {
        public var number: Int
        public var step: Step
    }

    /// What the listener must be for it; without any it is the plain one for inbound mail.
    public enum Trait: String, Sendable, CaseIterable { case lmtp, auth, normalize, xclient, proxy }

    public var name: String
    public var traits: Set<Trait> = []
    public var lines: [Line]

    public init(name: String, text: String) throws {
        self.name = name
        lines = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            let rest = String(line.dropFirst(3))
            if line.hasPrefix("L:") {
                for word in rest.split(separator: " ") {
                    guard let trait = Trait(rawValue: String(word)) else { throw TranscriptFailure("\(name): no listener is `\(word)`") }
                    traits.insert(trait)
                }
                continue
            }
            let step: Step
            switch line.prefix(2) {
            case "C:": step = .send(Array((rest + "\r\n").utf8))
            case "C!": step = .send(try Self.unescaped(rest, at: "\(name):\(index + 1)"))
            case "S:": step = .expect(rest)
            case "S*": step = .expectReply(Int(rest) ?? 0)
            case "S!" where rest == "closed": step = .expectClosed
            case "T!": step = .startTLS
            default: throw TranscriptFailure("\(name):\(index + 1): a line starts with L:, C:, C!, S:, S*, S! closed, T! or #")
            }
            lines.append(Line(number: index + 1, step: step))
        }
    }

    public var description: String { name }

    /// Those of Tests/Transcripts, by name.
    public static func all() throws -> [Transcript] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Transcripts").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "smtp" }.sorted { $0.path < $1.path }.map {
            try Transcript(name: $0.lastPathComponent, text: String(contentsOf: $0, encoding: .utf8))
        }
    }

    public var needsTLS: Bool { lines.contains { $0.step == .startTLS } }

    /// `\r \n \\ \xHH`, and `\{N}T` for N times the character T.
    private static func unescaped(_ text: String, at place: String) throws -> [UInt8] {
        var out: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else { out.append(byte); continue }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "\\"): out.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                    throw TranscriptFailure("\(place): \\x needs two hexadecimal digits")
                }
                out.append(value)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "{"):
                let digits = rest.prefix { $0 != UInt8(ascii: "}") }
                rest = rest.dropFirst(digits.count + 1)
                guard let count = Int(String(decoding: digits, as: UTF8.self)), count <= 1 << 22, let repeated = rest.popFirst() else {
                    throw TranscriptFailure("\(place): \\{N} needs a number and a character after it")
                }
                out.append(contentsOf: repeatElement(repeated, count: count))
            default: throw TranscriptFailure("\(place): unknown escape")
            }
        }
        return out
    }
}

public struct TranscriptFailure: Error, CustomStringConvertible, Sendable {
    public var description: String
    public init(_ description: String) { self.description = description }
}
