import CPostern

/// The message of a data call. Its bytes are lent, never copied: use them inside the closure.
public struct Message {
    let call: UnsafePointer<postern_call>
    let raw: postern_ref
    let content: UnsafePointer<postern_content>?

    init(_ message: UnsafePointer<postern_message>, of call: UnsafePointer<postern_call>) {
        self.call = call
        raw = message.pointee.raw
        // A host of an earlier minor ends before it.
        let reaches = MemoryLayout<postern_message>.offset(of: \.content)! + MemoryLayout<UnsafeRawPointer>.size
        content = Int(message.pointee.size) >= reaches ? message.pointee.content : nil
    }

    /// Bytes of header and body.
    public var count: Int { Int(clamping: raw.length) }

    /// Header and body as they came. Throws when the host cannot give them.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        try raw.withBytes(of: call, body)
    }

    /// The values of the header fields of a name (ASCII, any case), unfolded, in order.
    public func fields(_ name: String) throws -> [String] {
        try withBytes { bytes in
            var found: [String] = []
            var at = 0
            while at < bytes.count {
                // A field ends at the first line end that no blank follows.
                var end = at
                while end < bytes.count {
                    guard bytes[end] == 0x0A else { end += 1; continue }
                    end += 1
                    if end == bytes.count || (bytes[end] != 0x20 && bytes[end] != 0x09) || end - at <= 2 { break }
                }
                let line = bytes[at..<end]
                if line.first == 0x0D || line.first == 0x0A { break }
                if let value = Self.value(line, name) { found.append(value) }
                at = end
            }
            return found
        }
    }

    private static func value(_ line: Slice<UnsafeRawBufferPointer>, _ name: String) -> String? {
        var at = line.startIndex
        for wanted in name.utf8 {
            guard at < line.endIndex, lower(line[at]) == lower(wanted) else { return nil }
            at += 1
        }
        while at < line.endIndex, line[at] == 0x20 || line[at] == 0x09 { at += 1 }
        guard at < line.endIndex, line[at] == UInt8(ascii: ":") else { return nil }
        var text = line[(at + 1)...].filter { $0 != 0x0D && $0 != 0x0A }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return String(decoding: text.drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }
}
