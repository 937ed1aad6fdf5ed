/// What a zip file is, from the names of its entries: documents, programs, books, or just an archive.
enum ZipType {
    /// Entries that are looked at.
    private static let mostEntries = 512

    static func type(of bytes: UnsafeRawBufferPointer) -> String {
        var kinds = Kinds()
        guard bytes.count >= 22 else { return "application/zip" }
        if let stated = storedType(bytes) { return stated }
        // The mark of Java's own tool, on the first entry.
        if bytes.count > 34, read16(bytes, 28) >= 4, 34 + read16(bytes, 26) <= bytes.count, read16(bytes, 30 + read16(bytes, 26)) == 0xCAFE
        {
            kinds.java = true
        }
        eachName(bytes) { kinds.see($0) }
        return kinds.type
    }

    private struct Kinds {
        var hasContentTypes = false
        var word = false, excel = false, slides = false, visio = false, pages = false
        var macros = false, binaryBook = false
        var java = false, android = false, ios = false, word6 = false

        mutating func see(_ name: Slice<UnsafeRawBufferPointer>) {
            func starts(_ prefix: StaticString) -> Bool { name.prefix(prefix.utf8CodeUnitCount).elementsEqualFolded(prefix) }
            if starts("[content_types].xml") { hasContentTypes = true }
            if starts("word/") { word = true }
            if starts("xl/") { excel = true }
            if starts("ppt/") { slides = true }
            if starts("visio/") { visio = true }
            if starts("fixeddocseq.fdseq") || starts("documents/1/") || starts("fixeddocumentsequence.fdseq") { pages = true }
            if name.count >= 14, name.suffix(14).elementsEqualFolded("vbaproject.bin") { macros = true }
            if starts("xl/workbook.bin") { binaryBook = true }
            if starts("meta-inf/manifest.mf") { java = true }
            if starts("androidmanifest.xml") { android = true }
            if starts("payload/"), name.contains(".app/") { ios = true }
        }

        var type: String {
            // Readers of Office documents ask for no more than these folders.
            if word { return macros ? "application/vnd.ms-word.document.macroenabled.12" : Self.office + "wordprocessingml.document" }
            if excel {
                if binaryBook { return "application/vnd.ms-excel.sheet.binary.macroenabled.12" }
                return macros ? "application/vnd.ms-excel.sheet.macroenabled.12" : Self.office + "spreadsheetml.sheet"
            }
            if slides {
                return macros ? "application/vnd.ms-powerpoint.presentation.macroenabled.12" : Self.office + "presentationml.presentation"
            }
            if visio { return macros ? "application/vnd.ms-visio.drawing.macroenabled.12" : "application/vnd.ms-visio.drawing" }
            if pages { return "application/vnd.ms-xpsdocument" }
            if android { return "application/vnd.android.package-archive" }
            if java { return "application/java-archive" }
            if ios { return "application/x-ios-app" }
            return "application/zip"
        }

        private static let office = "application/vnd.openxmlformats-officedocument."
    }

    /// OpenDocument and EPUB: the first entry, stored, is the type.
    private static func storedType(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count > 38, bytes[30..<38].elementsEqual("mimetype".utf8), read16(bytes, 26) == 8, read16(bytes, 8) == 0 else {
            return nil
        }
        let size = read32(bytes, 18)
        let start = 38 + read16(bytes, 28)
        guard size > 8, size <= 120, start + size <= bytes.count else { return nil }
        let text = bytes[start..<start + size]
        guard text.allSatisfy({ $0 > 32 && $0 < 127 }), text.starts(with: "application/".utf8) else { return nil }
        return String(decoding: text, as: UTF8.self).lowercased()
    }

    private static func read16(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self).littleEndian)
    }

    private static func read32(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
        Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian)
    }

    /// Names in the entries' own headers, as far as their sizes lead, then in the central directory.
    private static func eachName(_ bytes: UnsafeRawBufferPointer, _ body: (Slice<UnsafeRawBufferPointer>) -> Void) {
        var at = bytes.starts(with: "PK00".utf8) || bytes.starts(with: [0x50, 0x4B, 7, 8]) ? 4 : 0
        var count = 0
        while at + 30 <= bytes.count, count < mostEntries, bytes[at..<at + 4].elementsEqual([0x50, 0x4B, 3, 4]) {
            let length = read16(bytes, at + 26)
            guard at + 30 + length <= bytes.count else { break }
            body(bytes[(at + 30)..<(at + 30 + length)])
            count += 1
            // Sizes behind the data: the directory has to tell.
            if read16(bytes, at + 6) & 8 != 0, read32(bytes, at + 18) == 0 { break }
            at += 30 + length + read16(bytes, at + 28) + read32(bytes, at + 18)
        }
        guard let directory = directory(bytes) else { return }
        at = directory
        count = 0
        while at + 46 <= bytes.count, count < mostEntries, bytes[at..<at + 4].elementsEqual([0x50, 0x4B, 1, 2]) {
            let length = read16(bytes, at + 28)
            guard at + 46 + length <= bytes.count else { return }
            body(bytes[(at + 46)..<(at + 46 + length)])
            count += 1
            at += 46 + length + read16(bytes, at + 30) + read16(bytes, at + 32)
        }
    }

    /// Whether it is one at its end, which is where most readers look, whatever is in front.
    static func isZip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let at = directory(bytes) else { return false }
        return at + 4 <= bytes.count && bytes[at..<at + 4].elementsEqual([0x50, 0x4B, 1, 2])
    }

    /// Where the central directory begins, from the end record in the last 64 KB.
    private static func directory(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 22 else { return nil }
        // The last byte of its mark is one that hardly any text has.
        var end = bytes.count - 18
        let first = max(0, bytes.count - 65_557) + 3
        while let last = bytes.lastOffset(of: 6, in: first..<end) {
            let at = last - 3
            if bytes[at..<last].elementsEqual([0x50, 0x4B, 5]) {
                let start = at - read32(bytes, at + 12)
                // Something in front of the archive moves it; the directory ends where its end record begins.
                return start >= 0 ? start : nil
            }
            end = last
        }
        return nil
    }
}
