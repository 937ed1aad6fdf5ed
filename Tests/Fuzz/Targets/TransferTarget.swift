import MIME
import Mail

/// Whatever the bytes are, decoders end, within the size of what came; a sink that stops has had the beginning of all; what was encoded by the rules
/// comes back byte for byte and unflagged, however long it is; and base64 and quoted-printable are what a second, slow reading makes of them.
enum TransferTarget {
    private static let decoders: [TransferDecoder] =
        [
            .identity, .quotedPrintable, .quotedPrintableWithoutEquals, .quotedPrintableWithoutJunk, .quotedPrintableWithLF, .uuencode,
            .yenc,
            .binhex, .binhexResources,
        ]
        + TransferDecoder.Base64Padding.allCases.map { .base64($0) }

    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        guard let options = input.first else { return }
        let bytes = Growth.grown(UnsafeRawBufferPointer(rebasing: input[1...]))
        for decoder in decoders { try take(bytes, decoder, stop: Int(options) * 600) }
        let (ends, _) = bytes.withUnsafeBytes { TransferDecoder.base64(.ends).decoded($0) }
        try expect(ends == Encoding.plainBase64(bytes), "base64 is read differently by a slow reader")
        let (groups, _) = bytes.withUnsafeBytes { TransferDecoder.base64(.groups).decoded($0) }
        try expect(groups == Encoding.plainGroups(bytes), "groups of base64 are read differently by a slow reader")
        let (quoted, _) = bytes.withUnsafeBytes { TransferDecoder.quotedPrintable.decoded($0) }
        try expect(quoted == Encoding.plainQuotedPrintable(bytes), "quoted-printable is read differently by a slow reader")
        try roundTrips(bytes, line: 4 + Int(options) % 73)
    }

    private static func take(_ bytes: [UInt8], _ decoder: TransferDecoder, stop: Int) throws(Finding) {
        var all: [UInt8] = []
        var isBad = false
        let flags = bytes.withUnsafeBytes { bytes in
            decoder.decode(bytes) { chunk in
                isBad = isBad || chunk.isEmpty || chunk.count > TransferDecoder.chunk
                all.append(contentsOf: chunk)
                return true
            }
        }
        try expect(!isBad, "\(decoder): an empty or a large chunk")
        let most = decoder == .uuencode ? 2 : decoder == .binhex || decoder == .binhexResources ? 96 : 1
        try expect(all.count <= most * bytes.count, "\(decoder): \(all.count) bytes of \(bytes.count)")
        let few = bytes.withUnsafeBytes { decoder.decoded($0, most: stop) }
        try expect(few.bytes.elementsEqual(all.prefix(stop)), "\(decoder): a sink that stops at \(stop) has had something else")
        try expect(few.flags.isSubset(of: flags), "\(decoder): flags of the beginning, \(few.flags), are none of the whole, \(flags)")
        // The sink is not called once it has said no.
        var calls = 0
        _ = bytes.withUnsafeBytes { bytes in
            decoder.decode(bytes) { _ in
                calls += 1
                return false
            }
        }
        try expect(calls <= 1, "\(decoder): \(calls) calls of a sink that wants no more")
    }

    private static func roundTrips(_ bytes: [UInt8], line: Int) throws(Finding) {
        for padding in TransferDecoder.Base64Padding.allCases {
            try comesBack(bytes, Encoding.base64(bytes, line: line), .base64(padding), "lines of \(line)")
        }
        try comesBack(bytes, Encoding.base64(bytes, line: 76), .base64(.ends), "lines of 76")
        try comesBack(bytes, Encoding.quotedPrintable(bytes, line: line), .quotedPrintable, "lines of \(line)")
        try comesBack(bytes, Encoding.uuencode(bytes), .uuencode, "lines of 45")
        try comesBack(bytes, Encoding.yenc(bytes), .yenc, "lines of 128")
    }

    private static func comesBack(_ bytes: [UInt8], _ encoded: [UInt8], _ decoder: TransferDecoder, _ what: String) throws(Finding) {
        let (back, flags) = encoded.withUnsafeBytes { decoder.decoded($0) }
        try expect(back == bytes, "\(decoder), \(what): \(back.count) bytes come back of \(bytes.count)")
        try expect(flags.isEmpty, "\(decoder), \(what): \(flags) of what is well-formed")
    }
}
