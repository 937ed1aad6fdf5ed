import Mail

/// A charset that mail is written in, and its way to UTF-8. Bytes that are none of it become U+FFFD and are flagged. Any thread.
public struct Charset: Hashable, Sendable {
    /// Our own name for it, `CP1252`.
    public let name: String

    /// nil: no charset that is known here. Never a name that a message chose: labels are looked up.
    public init?(label: some Collection<UInt8>) {
        guard let name = CharsetLabels.name(of: Array(label.prefix(65))) else { return nil }
        self.name = name
    }

    public init?(label: String) { self.init(label: label.utf8) }

    public static let utf8 = Charset(name: "UTF-8")
    /// What unlabelled 8-bit text is that is no UTF-8.
    public static let western = Charset(name: "CP1252")

    private init(name: String) { self.name = name }

    /// Whether ASCII bytes mean ASCII in it wherever they stand.
    public var isASCIICompatible: Bool {
        !(name.hasPrefix("UTF-16") || name.hasPrefix("UTF-32") || name == "UTF-7" || name == "HZ" || name.hasPrefix("ISO-2022")
            || name == "CP037"
            || name == "CP500")
    }

    /// UTF-8 of all of `bytes` into `sink`, in chunks of at most `TransferDecoder.chunk` bytes, until it says false.
    public func decode(_ bytes: UnsafeRawBufferPointer, into sink: (UnsafeRawBufferPointer) -> Bool) -> PartFlags {
        var out = UTF8Writer()
        switch name {
        case "UTF-8":
            UnicodeDecoder.utf8(bytes, &out, sink)
        case "ASCII":
            // What is no ASCII under that name is most often UTF-8, else Western.
            if isUTF8(bytes, 0..<bytes.count) {
                UnicodeDecoder.utf8(bytes, &out, sink)
            } else {
                UnicodeDecoder.western(bytes, &out, sink)
            }
            if bytes.contains(where: { $0 >= 0x80 }) { out.isBad = true }
        case "CP1252": UnicodeDecoder.western(bytes, &out, sink)
        case "UTF-16": UnicodeDecoder.utf16(bytes, isBig: nil, &out, sink)
        case "UTF-16LE": UnicodeDecoder.utf16(bytes, isBig: false, &out, sink)
        case "UTF-16BE": UnicodeDecoder.utf16(bytes, isBig: true, &out, sink)
        case "UTF-32": UnicodeDecoder.utf32(bytes, isBig: nil, &out, sink)
        case "UTF-32LE": UnicodeDecoder.utf32(bytes, isBig: false, &out, sink)
        case "UTF-32BE": UnicodeDecoder.utf32(bytes, isBig: true, &out, sink)
        case "UTF-7": UnicodeDecoder.utf7(bytes, &out, sink)
        case "HZ": HZDecoder.decode(bytes, &out, sink)
        default: SystemCharset.decode(bytes, name, &out, sink)
        }
        out.finish(into: sink)
        return out.isBad ? .badCharset : []
    }

    /// All of it at once, at most `most` bytes of it decoded.
    public func text(_ bytes: some Collection<UInt8>, most: Int = 65_536) -> (String, isBad: Bool) {
        var out: [UInt8] = []
        var isBad = false
        Array(bytes.prefix(most)).withUnsafeBytes { bytes in
            isBad = !decode(bytes) { chunk in
                out.append(contentsOf: chunk)
                return true
            }.isEmpty
        }
        return (out.text, isBad)
    }
}
