import MIME
import Mail

/// The fields of MIME with any bytes as their values, and names that are written down in each way and read again.
enum ParametersTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        // Each line is a value; a folded one goes on.
        var values: [ArraySlice<UInt8>] = []
        for line in bytes.split(separator: 0x0A, maxSplits: 4, omittingEmptySubsequences: false) { values.append(line) }
        let names = ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Content-Type", "Content-ID"]
        var message: [UInt8] = []
        for (name, value) in zip(names, values) { message += Array("\(name): ".utf8) + value + [13, 10] }
        message += [13, 10] + Array("--a\r\n\r\nb\r\n--a--\r\n".utf8)
        try TreeTarget.run(message)
        try roundTrips(Array(input.prefix(200)))
    }

    /// A name as programs write it is read as it was: quoted, in RFC 2231's two ways, as an encoded word.
    private static func roundTrips(_ bytes: [UInt8]) throws(Finding) {
        let name = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
            $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0xFEFF
        }
        .map(String.init).joined()
        let clean = Array(name.utf8)
        guard !clean.isEmpty, clean.first! > 0x20, clean.last! > 0x20, !name.contains("=?") else { return }
        let escaped = clean.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] }
        let percent = clean.map { byte in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isPlain ? [byte] : Encoding.escaped(byte, mark: UInt8(ascii: "%"))
        }
        try expectName(name, Array("filename=\"".utf8) + escaped + Array("\"".utf8))
        try expectName(name, Array("filename*=utf-8''".utf8) + percent.joined())
        var pieces: [UInt8] = []
        for (i, start) in stride(from: 0, to: percent.count, by: 20).enumerated() {
            if i > 0 { pieces += Array(";\r\n ".utf8) }
            pieces += Array("filename*\(i)*=\(i == 0 ? "UTF-8'en'" : "")".utf8) + percent[start..<min(start + 20, percent.count)].joined()
        }
        try expectName(name, pieces)
        // What is to be decoded at once must be whole characters: here it is one word.
        let word = Array("=?utf-8?B?".utf8) + Encoding.base64(clean, line: .max) + Array("?=".utf8)
        try expectName(name, Array("filename=\"".utf8) + word + Array("\"".utf8))
    }

    private static func expectName(_ name: String, _ parameter: [UInt8]) throws(Finding) {
        let header = Array("Content-Disposition: attachment; ".utf8) + parameter + Array("; size=1\r\n\r\nx".utf8)
        let part = header.withUnsafeBytes { MessageTree($0) }.parts[0].content
        // Without a byte that is no UTF-8 there is but one thing that it can be.
        try expect(
            part.names.first == name, "\(name.debugDescription) is read as \(part.names) of \(String(decoding: parameter, as: UTF8.self))")
        try expect(part.disposition == "attachment", "the disposition \(part.disposition)")
    }
}
