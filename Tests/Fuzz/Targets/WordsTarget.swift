import MIME
import Mail

/// Header text with encoded words: bounded, and what was encoded by the rules comes back.
enum WordsTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let (text, flags) = EncodedWords.decode(bytes)
        // At worst each byte is a character of its own that takes four.
        try expect(text.utf8.count <= 6 * bytes.count + 16, "\(text.utf8.count) bytes of \(bytes.count)")
        try expect(flags.isSubset(of: [.badEncodedWord, .badCharset, .rawHeaderBytes]), "\(flags)")
        if bytes.allSatisfy({ $0 < 0x80 }), !text.isEmpty, !String(decoding: bytes, as: UTF8.self).contains("=?") {
            try expect(text.utf8.elementsEqual(bytes.prefix(EncodedWords.most)), "plain text was changed")
        }
        try roundTrips(Array(input.prefix(120)))
    }

    private static func roundTrips(_ bytes: [UInt8]) throws(Finding) {
        let text = String(decoding: bytes, as: UTF8.self)
        let clean = Array(text.utf8)
        guard !clean.isEmpty, !clean.starts(with: [0xEF, 0xBB, 0xBF]) else { return }
        // RFC 2047 section 2: 75 characters at most; here a character is split between words too, as programs do.
        var base64: [UInt8] = []
        var quoted: [UInt8] = []
        for start in stride(from: 0, to: clean.count, by: 15) {
            let piece = Array(clean[start..<min(start + 15, clean.count)])
            if start > 0 {
                base64.append(0x20)
                quoted.append(0x20)
            }
            base64 += Array("=?UTF-8?b?".utf8) + Encoding.base64(piece, line: .max) + Array("?=".utf8)
            let escaped = piece.flatMap { $0 == 0x20 ? [0x5F] : Encoding.escaped($0) }
            quoted += Array("=?utf-8*en?Q?".utf8) + escaped + Array("?=".utf8)
        }
        for encoded in [base64, quoted, Array("a ".utf8) + base64 + Array(" b".utf8)] {
            let (back, flags) = EncodedWords.decode(encoded)
            let wanted = encoded.first == 0x61 ? "a \(text) b" : text
            try expect(
                back.utf8.elementsEqual(wanted.utf8),
                "\(wanted.debugDescription) comes back as \(back.debugDescription) of \(String(decoding: encoded, as: UTF8.self))")
            try expect(flags.isEmpty, "\(flags) of \(String(decoding: encoded, as: UTF8.self))")
        }
    }
}
