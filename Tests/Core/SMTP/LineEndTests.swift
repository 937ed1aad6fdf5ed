import Mail
import Testing

@testable import SMTP

/// What `DataReader` does beside the strict reading of DATA: normalised line ends, and chunks.
@Suite struct LineEndTests {
    private enum Outcome: Equatable {
        case success(String)
        case failure(DataReader.Fault)
    }

    private func read(
        _ pieces: [[UInt8]], _ framing: DataReader.Framing, normalizes: Bool, limits: Limits = Limits()
    ) -> (Outcome, consumed: Int?) {
        var reader = DataReader(framing, declaredSize: nil, limits: limits, normalizes: normalizes)
        var total = 0
        for piece in pieces {
            if let end = piece.withUnsafeBytes({ reader.read($0) }) { return (Self.result(reader.finish()), total + end) }
            total += piece.count
        }
        return (Self.result(reader.finish()), nil)
    }

    private static func result(_ result: Result<Region, DataFault>) -> Outcome {
        switch result {
        case .success(let region): .success(String(decoding: region.bytes, as: UTF8.self))
        case .failure(let failure): .failure(failure.fault)
        }
    }

    /// All splits in three.
    private func forEverySplit(_ bytes: [UInt8], _ body: ([[UInt8]]) -> Void) {
        for i in 0...bytes.count { for j in i...bytes.count { body([Array(bytes[..<i]), Array(bytes[i..<j]), Array(bytes[j...])]) } }
    }

    @Test func normalized() {
        let rows: [(String, String)] = [
            ("a\nb\r\n.\r\n", "a\r\nb\r\n"), ("a\rb\r\n.\r\n", "a\r\nb\r\n"), ("a\r\r\nb\r\n.\r\n", "a\r\n\r\nb\r\n"),
            ("\n\n\r\n.\r\n", "\r\n\r\n\r\n"), ("a\n\rb\r\n.\r\n", "a\r\n\r\nb\r\n"),
            // A dot after half a line end is text, and stays: only CR LF . CR LF ends.
            ("a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"), ("a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"), ("a\r.\rb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
            ("a\r\r\n.\r\n", "a\r\n\r\n"), ("a\n..\r\n.\r\n", "a\r\n..\r\n"),
            // The dot was stuffing, or there would be the end.
            ("a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n"), ("a\r\n.\rb\r\n.\r\n", "a\r\n\r\nb\r\n"), ("a\r\n..\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"),
            ("a\r\n.\r\r\nb\r\n.\r\n", "a\r\n\r\n\r\nb\r\n"),
        ]
        for (input, message) in rows {
            let bytes = Array(input.utf8)
            forEverySplit(bytes + Array("NOOP\r\n".utf8)) { pieces in
                let (result, consumed) = read(pieces, .dot, normalizes: true)
                #expect(
                    result == .success(message) && consumed == bytes.count, "\(input.debugDescription) \(pieces.map(\.count)) \(result)")
            }
        }
    }

    @Test func chunks() {
        let rows: [(String, strict: String?, normalized: String)] = [
            ("a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n", "a\r\n.\r\nb\r\n"), ("..\r\n", "..\r\n", "..\r\n"), ("a", "a\r\n", "a\r\n"),
            ("", "", ""),
            ("\r\n", "\r\n", "\r\n"), (".", ".\r\n", ".\r\n"), ("a\nb", nil, "a\r\nb\r\n"), ("a\r", nil, "a\r\n"), ("a\n", nil, "a\r\n"),
            ("\r\r\n", nil, "\r\n\r\n"), ("a\r\n.\r\n\r\n.\n", nil, "a\r\n.\r\n\r\n.\r\n"),
        ]
        for (input, strict, normalized) in rows {
            forEverySplit(Array(input.utf8)) { pieces in
                let expected = strict.map { Outcome.success($0) } ?? .failure(.bareLineEnd)
                #expect(read(pieces, .chunks, normalizes: false).0 == expected, "\(input.debugDescription) \(pieces.map(\.count))")
                #expect(
                    read(pieces, .chunks, normalizes: true).0 == .success(normalized), "\(input.debugDescription) \(pieces.map(\.count))")
            }
        }
    }

    /// What is made longer counts, too.
    @Test func limits() {
        var limits = Limits()
        limits.messageSize = 10
        limits.textLine = 6
        #expect(read([Array("\n\n\n\n\n".utf8)], .chunks, normalizes: true, limits: limits).0 == .success("\r\n\r\n\r\n\r\n\r\n"))
        #expect(read([Array("\n\n\n\n\n\n".utf8)], .chunks, normalizes: true, limits: limits).0 == .failure(.tooLarge))
        #expect(read([Array("1234567\n".utf8)], .chunks, normalizes: true, limits: limits).0 == .failure(.lineTooLong))
        #expect(read([Array("1234567".utf8)], .chunks, normalizes: false, limits: limits).0 == .failure(.lineTooLong))
        #expect(read([Array("123456\r".utf8)], .chunks, normalizes: true, limits: limits).0 == .success("123456\r\n"))
        #expect(read([Array("a\0".utf8)], .chunks, normalizes: true, limits: limits).0 == .failure(.nul))
    }
}
