/// How a transcript reaches a server: a pure machine, a channel, a socket to the live binary. One task uses it.
public protocol TranscriptTransport: AnyObject {
    func send(_ bytes: [UInt8]) async throws
    /// The next line without CR LF; nil when the server has closed. Throws when nothing comes in time.
    func receiveLine() async throws -> String?
    /// The client's side of the handshake, after the server's 220.
    func startTLS() async throws
}

extension Transcript {
    /// Plays the client and compares the server's lines; throws a `TranscriptFailure` at the first difference. Client lines that follow each other
    /// are sent at once, as PIPELINING allows; `split` sends them in pieces of that size instead.
    public func run(over transport: some TranscriptTransport, split: Int? = nil) async throws {
        var waiting: [UInt8] = []
        func flush() async throws {
            let bytes = waiting
            waiting = []
            guard let split else { return bytes.isEmpty ? () : try await transport.send(bytes) }
            for start in stride(from: 0, to: bytes.count, by: split) {
                try await transport.send(Array(bytes[start..<min(start + split, bytes.count)]))
            }
        }
        for line in lines {
            let place = "\(name):\(line.number)"
            switch line.step {
            case .send(let bytes): waiting += bytes
            case .expect(let pattern):
                try await flush()
                guard let got = try await transport.receiveLine() else {
                    throw TranscriptFailure("\(place): closed instead of: \(pattern)")
                }
                guard Self.matches(Array(got.utf8)[...], Array(pattern.utf8)[...]) else {
                    throw TranscriptFailure("\(place): \(got) instead of: \(pattern)")
                }
            case .expectReply(let code):
                try await flush()
                var isLast = false
                while !isLast {
                    guard let got = try await transport.receiveLine(), got.hasPrefix("\(code)") else {
                        throw TranscriptFailure("\(place): no reply \(code)")
                    }
                    isLast = !got.hasPrefix("\(code)-")
                }
            case .expectClosed:
                try await flush()
                if let got = try await transport.receiveLine() { throw TranscriptFailure("\(place): \(got) instead of the end") }
            case .startTLS: try await transport.startTLS()
            }
        }
        try await flush()
    }

    /// `*` any text, `?` any character.
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return (text.startIndex...text.endIndex).contains { matches(text[$0...], pattern.dropFirst()) }
        }
        guard let byte = text.first, first == UInt8(ascii: "?") || first == byte else { return false }
        return matches(text.dropFirst(), pattern.dropFirst())
    }
}
