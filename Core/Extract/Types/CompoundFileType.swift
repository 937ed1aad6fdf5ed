/// What an OLE2 compound file is (MS-CFB), from the class of its root and the names of its streams.
enum CompoundFileType {
    /// Directory sectors that are looked at.
    private static let mostSectors = 64

    static func type(of bytes: UnsafeRawBufferPointer) -> String {
        let unknown = "application/x-ole-storage"
        guard bytes.count >= 512 else { return unknown }
        let shift = Int(read16(bytes, 30))
        guard shift == 9 || shift == 12 else { return unknown }
        let size = 1 << shift
        var sector = Int(read32(bytes, 48))
        var found: String?
        var sectors = 0
        while sectors < mostSectors, sector >= 0, (sector + 1) << shift < bytes.count {
            let start = (sector + 1) << shift
            for at in stride(from: start, to: min(start + size, bytes.count - 127), by: 128) {
                if bytes[at + 66] == 5, let type = rootType(bytes, at + 80) { return type }
                if let type = streamType(name(bytes, at)) {
                    // Mail and packages hold the streams of others further in.
                    if type == "application/vnd.ms-outlook" || type == "application/encrypted" { return type }
                    found = found ?? type
                }
            }
            guard let next = next(bytes, sector, shift) else { break }
            sector = next
            sectors += 1
        }
        return found ?? unknown
    }

    private static func read16(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt16 {
        bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self).littleEndian
    }

    private static func read32(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
    }

    /// The next sector of a chain; only tables that the header names itself are asked.
    private static func next(_ bytes: UnsafeRawBufferPointer, _ sector: Int, _ shift: Int) -> Int? {
        let perTable = (1 << shift) / 4
        guard sector / perTable < 109 else { return nil }
        let table = Int(read32(bytes, 76 + 4 * (sector / perTable)))
        let at = (table + 1) << shift + 4 * (sector % perTable)
        guard at + 4 <= bytes.count else { return nil }
        let next = Int(read32(bytes, at))
        return next < 0xFFFF_FFFA ? next : nil
    }

    private static func name(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> String {
        let length = min(Int(read16(bytes, at + 64)), 64)
        guard length >= 4 else { return "" }
        let units = (0..<(length / 2 - 1)).map { read16(bytes, at + 2 * $0) }
        return String(decoding: units, as: UTF16.self)
    }

    private static func streamType(_ name: String) -> String? {
        switch name {
        case "WordDocument": "application/msword"
        case "Workbook", "Book", "WORKBOOK", "BOOK": "application/vnd.ms-excel"
        case "PowerPoint Document", "PP40": "application/vnd.ms-powerpoint"
        case "__properties_version1.0", "__nameid_version1.0": "application/vnd.ms-outlook"
        case "VisioDocument": "application/vnd.visio"
        case "EncryptedPackage": "application/encrypted"
        case "Quill": "application/x-mspublisher"
        case "MatOST", "SPELLING": "application/vnd.ms-works"
        case "HwpSummaryInformation", "\u{5}HwpSummaryInformation": "application/x-hwp"
        default: nil
        }
    }

    /// The root's class; the first four bytes tell the known ones apart.
    private static func rootType(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> String? {
        switch (read32(bytes, at), read32(bytes, at + 4), read32(bytes, at + 12)) {
        case (0x000C_1084, 0, 0x4600_0000), (0x000C_1086, 0, 0x4600_0000), (0x000C_1082, 0, 0x4600_0000): "application/x-msi"
        case (0x0002_0D0B, 0, 0x4600_0000): "application/vnd.ms-outlook"
        case (0x0002_0906, 0, 0x4600_0000), (0x0002_0900, 0, 0x4600_0000): "application/msword"
        case (0x0002_0820, 0, 0x4600_0000), (0x0002_0810, 0, 0x4600_0000): "application/vnd.ms-excel"
        case (0x6481_8D10, _, _), (0x6481_8D11, _, _): "application/vnd.ms-powerpoint"
        case (0x0002_1A14, 0, 0x4600_0000), (0x0002_1A13, 0, 0x4600_0000): "application/vnd.visio"
        case (0x74B7_8F3A, _, _): "application/vnd.ms-project"
        default: nil
        }
    }
}
