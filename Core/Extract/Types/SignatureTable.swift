/// Formats that are told by fixed bytes at a fixed place.
struct SignatureTable: Sendable {
    static let shared = SignatureTable()

    private struct Signature {
        var offset: Int
        /// nil: any.
        var bytes: [UInt8?]
        var type: String
    }

    /// By first byte where that is fixed at offset 0; others in `elsewhere`.
    private var byFirst = [[Signature]](repeating: [], count: 256)
    private var elsewhere: [Signature] = []

    private init() {
        for (offset, bytes, type) in Self.rows {
            let signature = Signature(offset: offset, bytes: Self.read(bytes), type: type)
            if offset == 0, let first = signature.bytes[0] {
                byFirst[Int(first)].append(signature)
            } else {
                elsewhere.append(signature)
            }
        }
    }

    /// `'text'`, hexadecimal, `..` for any byte; spaces between.
    private static func read(_ text: String) -> [UInt8?] {
        var bytes: [UInt8?] = []
        for word in text.split(separator: " ") {
            if word.hasPrefix("'") {
                bytes += word.dropFirst().dropLast().utf8.map { $0 == UInt8(ascii: "_") ? 32 : $0 }
            } else {
                let digits = Array(word.utf8)
                for at in stride(from: 0, to: digits.count, by: 2) {
                    bytes.append(
                        digits[at] == UInt8(ascii: ".") ? nil : Hexadecimal.value(digits[at])! << 4 | Hexadecimal.value(digits[at + 1])!)
                }
            }
        }
        return bytes
    }

    func type(of bytes: UnsafeRawBufferPointer) -> String? {
        for signature in byFirst[Int(bytes[0])] where Self.matches(signature, bytes) { return signature.type }
        for signature in elsewhere where Self.matches(signature, bytes) { return signature.type }
        return nil
    }

    private static func matches(_ signature: Signature, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard signature.offset + signature.bytes.count <= bytes.count else { return false }
        for (index, byte) in signature.bytes.enumerated() {
            if let byte, bytes[signature.offset + index] != byte { return false }
        }
        return true
    }

    /// Place, bytes (in quotes `_` is a space), type; of those with one first byte the first match counts.
    private static let rows: [(Int, String, String)] = [
        // Programs
        (0, "'MZ'", "application/x-msdos-program"), (0, "7F 'ELF'", "application/x-elf"), (0, "FEEDFACE", "application/x-mach-binary"),
        (0, "FEEDFACF", "application/x-mach-binary"), (0, "CEFAEDFE", "application/x-mach-binary"),
        (0, "CFFAEDFE", "application/x-mach-binary"), (0, "CAFEBABE", "application/java-vm"),
        (0, "'dex' 0A", "application/vnd.android.dex"),
        (0, "4C000000 01140200 00000000 C0000000 00000046", "application/x-ms-shortcut"), (0, "00 'asm'", "application/wasm"),
        (0, "'!<arch>' 0A 'debian'", "application/vnd.debian.binary-package"), (0, "'!<arch>' 0A", "application/x-archive"),
        (0, "EDABEEDB", "application/x-rpm"),
        // Archives and compression
        (0, "'PK' 0304", "application/zip"), (0, "'PK' 0506", "application/zip"), (0, "'PK00PK' 0304", "application/zip"),
        (0, "'PK' 0708 'PK' 0304", "application/zip"), (0, "'Rar!' 1A07", "application/vnd.rar"), (0, "'RE~^'", "application/vnd.rar"),
        (0, "'7z' BCAF271C", "application/x-7z-compressed"), (0, "1F8B", "application/gzip"), (0, "'BZh'", "application/x-bzip2"),
        (0, "FD '7zXZ' 00", "application/x-xz"), (0, "28B52FFD", "application/zstd"), (1, "2A4D18", "application/zstd"),
        (0, "'MSCF'", "application/vnd.ms-cab-compressed"),
        (0, "'ISc('", "application/x-installshield"), (0, "60EA", "application/x-arj"), (7, "'**ACE**'", "application/x-ace-compressed"),
        (2, "'-lh' .. '-'", "application/x-lzh-compressed"), (2, "'-lz' .. '-'", "application/x-lzh-compressed"),
        (0, "1F9D", "application/x-compress"), (0, "1F1E", "application/x-pack"), (0, "1FA0", "application/x-compress"),
        (0, "'LZIP'", "application/x-lzip"), (0, "04224D18", "application/x-lz4"), (0, "89 'LZO' 00", "application/x-lzop"),
        (0, "5D0000", "application/x-lzma"), (0, "'LRZI'", "application/x-lrzip"), (0, "'xar!'", "application/x-xar"),
        (0, "'ZOO_'", "application/x-zoo"), (0, "'MSWIM'", "application/x-ms-wim"),
        (0, "'SZDD' 88F02733", "application/x-ms-compress-szdd"),
        (0, "'KWAJ' 88F027D1", "application/x-ms-compress-kwaj"), (0, "'070701'", "application/x-cpio"),
        (0, "'070702'", "application/x-cpio"), (0, "'070707'", "application/x-cpio"), (0, "C771", "application/x-cpio"),
        (0, "71C7", "application/x-cpio"), (257, "'ustar'", "application/x-tar"), (0, "'vhdxfile'", "application/x-vhdx"),
        (0, "'conectix'", "application/x-virtualbox-vhd"), (0, "'KDMV'", "application/x-vmdk"), (0, "'QFI' FB", "application/x-qemu-disk"),
        (0, "'WARC/'", "application/warc"),
        // Documents
        (0, "D0CF11E0 A1B11AE1", "application/x-ole-storage"), (0, "'%PDF-'", "application/pdf"), (0, "EFBBBF '%PDF-'", "application/pdf"),
        (0, "'{\\rt'", "text/rtf"), (0, "'%!PS'", "application/postscript"), (0, "C5D0D3C6", "application/postscript"),
        (0, "E4525C7B 8CD8A74D AEB15378 D02996D3", "application/onenote"), (0, "A12FFF6D", "application/onenote"),
        (0, "'ITSF'", "application/vnd.ms-htmlhelp"), (4, "'Standard_Jet_DB'", "application/x-msaccess"),
        (4, "'Standard_ACE_DB'", "application/x-msaccess"), (0, "'!BDN'", "application/vnd.ms-outlook-pst"),
        (0, "'SQLite_format_3' 00", "application/vnd.sqlite3"), (0, "'AT&TFORM'", "image/vnd.djvu"), (0, "DBA52D00", "application/msword"),
        (0, "09081000 00060500", "application/vnd.ms-excel"), (0, "09040600", "application/vnd.ms-excel"),
        (0, "09020600", "application/vnd.ms-excel"), (0, "78 9F3E22", "application/vnd.ms-tnef"),
        // Pictures
        (0, "89 'PNG' 0D0A1A0A", "image/png"), (0, "FFD8FF", "image/jpeg"), (0, "'GIF87a'", "image/gif"), (0, "'GIF89a'", "image/gif"),
        (0, "'II' 2A00", "image/tiff"), (0, "'MM' 002A", "image/tiff"), (0, "'II' 2B00", "image/tiff"),
        (0, "'8BPS'", "image/vnd.adobe.photoshop"),
        (0, "00000100 .. 00", "image/vnd.microsoft.icon"), (0, "0000000C 6A502020 0D0A870A", "image/jp2"), (0, "FF4FFF51", "image/j2c"),
        (0, "FF0A", "image/jxl"), (0, "0000000C 4A584C20 0D0A870A", "image/jxl"), (0, "D7CDC69A", "image/wmf"), (40, "'_EMF'", "image/emf"),
        (0, "'gimp_xcf'", "image/x-xcf"), (0, "0A 05 01 08", "image/vnd.zbrush.pcx"),
        // Sound and film
        (0, "'ID3'", "audio/mpeg"), (0, "FFFB", "audio/mpeg"), (0, "FFF3", "audio/mpeg"), (0, "FFF1", "audio/aac"),
        (0, "FFF9", "audio/aac"),
        (0, "'OggS' 00", "application/ogg"), (0, "'fLaC'", "audio/flac"), (0, "'MThd' 00000006", "audio/midi"), (0, "'#!AMR'", "audio/amr"),
        (0, "'.snd'", "audio/basic"), (0, "'FLV' 01", "video/x-flv"), (0, "3026B275 8E66CF11", "video/x-ms-asf"),
        (0, "1A45DFA3", "video/matroska"), (0, "000001BA", "video/mpeg"), (0, "000001B3", "video/mpeg"),
        (0, "'FWS'", "application/vnd.adobe.flash.movie"), (0, "'CWS'", "application/vnd.adobe.flash.movie"),
        (0, "'ZWS'", "application/vnd.adobe.flash.movie"),
        // Fonts
        (0, "'OTTO'", "font/otf"), (0, "'wOFF'", "font/woff"), (0, "'wOF2'", "font/woff2"), (0, "'ttcf'", "font/collection"),
        (0, "00010000 00 .. .. .. .. .. .. ..", "font/ttf"), (34, "'LP' 00000000", "application/vnd.ms-fontobject"),
        // Other
        (0, "D4C3B2A1", "application/vnd.tcpdump.pcap"), (0, "A1B2C3D4", "application/vnd.tcpdump.pcap"),
        (0, "'regf'", "application/x-ms-registry-hive"), (0, "'REGEDIT4'", "text/x-ms-regedit"),
    ]
}
