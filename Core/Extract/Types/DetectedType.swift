/// What bytes are by their content (as `file` does it), in IANA's words where there are any: lower case, `type/subtype`; empty: unknown.
public enum DetectedType {
    /// The first bytes are enough for most formats; zip files, and those that begin with junk, are told by all of them. Looks at a bounded number.
    public static func of(_ bytes: UnsafeRawBufferPointer) -> String {
        guard !bytes.isEmpty else { return "" }
        if let type = SignatureTable.shared.type(of: bytes) { return refined(type, bytes) }
        if let type = MediaContainer.type(of: bytes) ?? ASN1Type.type(of: bytes) { return type }
        let text = TextType.type(of: bytes)
        if let text, text != "text/plain" { return text }
        return lateType(bytes) ?? text ?? ""
    }

    public static func of(_ bytes: some Collection<UInt8>) -> String { Array(bytes).withUnsafeBytes { of($0) } }

    /// Whether bytes of type `detected` are of another kind than was declared, so that a reader is misled: a program that is called a picture.
    public static func differs(_ detected: String, fromDeclared declared: String) -> Bool {
        // Unknown bytes and bytes of no declared kind (`.other`) mislead nobody.
        if detected.isEmpty || detected == declared { return false }
        let (found, said) = (TypeKind(detected), TypeKind(declared))
        if found == said { return false }
        // Text is what everything in text is declared to be, and what many formats look like.
        if said == .text { return found != .markup && found != .script && found != .message }
        if found == .text { return said != .message && said != .other && said != .script && said != .markup }
        return found != .other && said != .other
    }

    /// Signatures of families that need a second look.
    private static func refined(_ type: String, _ bytes: UnsafeRawBufferPointer) -> String {
        switch type {
        case "application/zip": ZipType.type(of: bytes)
        case "application/x-ole-storage": CompoundFileType.type(of: bytes)
        case "application/java-vm":
            // Mach-O for several processors begins alike: few of them, where a class has its version.
            bytes.count >= 8 && bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] < 43 ? "application/x-mach-binary" : type
        case "application/x-msdos-program": ExecutableType.type(of: bytes)
        default: type
        }
    }

    /// What readers find behind junk: PDF in the first 1,024 bytes, a disc image, tar, zip behind something else.
    private static func lateType(_ bytes: UnsafeRawBufferPointer) -> String? {
        if bytes.prefix(1029).contains("%PDF-") { return "application/pdf" }
        if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) { return "application/x-tar" }
        if TarType.hasChecksum(bytes) { return "application/x-tar" }
        for place in [0x8001, 0x8801, 0x9001] where bytes.count >= place + 5 {
            if bytes[place..<place + 5].elementsEqual("CD001".utf8) { return "application/x-iso9660-image" }
            if bytes[place..<place + 5].elementsEqual("BEA01".utf8) { return "application/x-udf-image" }
        }
        return ZipType.isZip(bytes) ? ZipType.type(of: bytes) : nil
    }
}
