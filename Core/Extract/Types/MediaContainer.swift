/// Containers whose kind stands a few bytes in: RIFF, IFF, ISO base media, BMP.
enum MediaContainer {
    static func type(of bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count >= 12 else { return nil }
        func word(_ place: Int) -> String { String(decoding: bytes[place..<place + 4], as: UTF8.self) }
        switch word(0) {
        case "RIFF", "RIFX":
            switch word(8) {
            case "WAVE": return "audio/vnd.wave"
            case "AVI ": return "video/vnd.avi"
            case "WEBP": return "image/webp"
            case "ACON": return "application/x-navi-animation"
            case "CDXA": return "video/mpeg"
            default: return "application/x-riff"
            }
        case "FORM":
            return ["AIFF", "AIFC"].contains(word(8)) ? "audio/aiff" : nil
        default: break
        }
        if word(4) == "ftyp" { return brand(word(8)) }
        if ["moov", "mdat", "wide", "free", "skip", "pnot"].contains(word(4)), bytes[0] == 0 { return "video/quicktime" }
        // The size of the second header: nothing else in BMP is fixed.
        if bytes[0] == UInt8(ascii: "B"), bytes[1] == UInt8(ascii: "M"), bytes.count >= 18, [12, 40, 56, 64, 108, 124].contains(bytes[14]),
            bytes[15] == 0, bytes[16] == 0, bytes[17] == 0
        {
            return "image/bmp"
        }
        return nil
    }

    private static func brand(_ name: String) -> String {
        switch name {
        case "heic", "heix", "heim", "heis": "image/heic"
        case "mif1", "msf1": "image/heif"
        case "avif", "avis": "image/avif"
        case "qt  ": "video/quicktime"
        case "M4A ", "M4B ": "audio/mp4"
        case "3gp4", "3gp5", "3gp6", "3gp7", "3ge6", "3gg6": "video/3gpp"
        case "crx ": "image/x-canon-cr3"
        default: "video/mp4"
        }
    }
}
