import MIME
import Mail

/// Text in any charset, by any label (the input's first line): valid UTF-8 comes out, bounded; Unicode there and back is the same.
enum CharsetTarget {
    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let bytes = Growth.grown(input)
        let end = bytes.firstIndex(of: 10) ?? bytes.count
        let text = Array(bytes[min(end + 1, bytes.count)...])
        if let charset = Charset(label: bytes[..<end]) {
            try check(charset, text)
        } else {
            try expect(Charset(label: "x" + String(repeating: "y", count: 80)) == nil, "a label that is none")
        }
        try unicode(text)
    }

    private static func check(_ charset: Charset, _ bytes: [UInt8]) throws(Finding) {
        var out: [UInt8] = []
        var isBad = false
        let flags = bytes.withUnsafeBytes { bytes in
            charset.decode(bytes) { chunk in
                isBad = isBad || chunk.isEmpty || chunk.count > TransferDecoder.chunk
                out.append(contentsOf: chunk)
                return true
            }
        }
        try expect(!isBad, "\(charset.name): an empty or a large chunk")
        try expect(out.count <= 6 * bytes.count + 16, "\(charset.name): \(out.count) bytes of \(bytes.count)")
        try expect(String(validating: out, as: UTF8.self) != nil, "\(charset.name): no UTF-8")
        try expect(flags.isSubset(of: .badCharset), "\(charset.name): \(flags)")
        var first: [UInt8] = []
        _ = bytes.withUnsafeBytes { bytes in
            charset.decode(bytes) { chunk in
                first.append(contentsOf: chunk)
                return false
            }
        }
        try expect(out.starts(with: first), "\(charset.name): a sink that stops has had something else")
        if charset.isASCIICompatible,
            bytes.allSatisfy({ (32..<127).contains($0) && ![36, 92, 126, 91, 93, 123, 125, 64, 96, 35, 94, 124].contains($0) })
        {
            try expect(out == bytes, "\(charset.name): ASCII is changed")
        }
    }

    private static func unicode(_ bytes: [UInt8]) throws(Finding) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.unicodeScalars.first?.value != 0xFEFF else { return }
        let wide = text.unicodeScalars.flatMap { scalar in (0..<4).map { UInt8(truncatingIfNeeded: scalar.value >> (24 - 8 * $0)) } }
        let units = text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        func swapped(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
            stride(from: 0, to: bytes.count, by: size).flatMap { bytes[$0..<$0 + size].reversed() }
        }
        let forms: [(String, [UInt8])] = [
            ("utf-8", Array(text.utf8)), ("utf-16be", units), ("utf-16le", swapped(units, 2)), ("utf-32be", wide),
            ("utf-32le", swapped(wide, 4)), ("utf-16", [0xFF, 0xFE] + swapped(units, 2)), ("utf-7", utf7(text)),
        ]
        for (label, bytes) in forms {
            let (back, isBad) = Charset(label: label)!.text(bytes, most: .max)
            try expect(
                !isBad && back.utf8.elementsEqual(text.utf8), "\(label) comes back as \(back.prefix(80).debugDescription), bad: \(isBad)")
        }
    }

    /// RFC 2152, each run of what is no letter or digit shifted.
    private static func utf7(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        var run: [UInt8] = []
        func endRun() {
            guard !run.isEmpty else { return }
            out.append(0x2B)
            out += Encoding.base64(run, line: .max).filter { $0 != 0x3D }
            out.append(0x2D)
            run = []
        }
        for unit in text.utf16 {
            if unit == 32 || unit == 10 || (48...57).contains(unit) || (97...122).contains(unit) {
                endRun()
                out.append(UInt8(unit))
            } else {
                run += [UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit)]
            }
        }
        endRun()
        return out
    }
}
