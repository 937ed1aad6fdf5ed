/// What a reader sees of a link.
enum AnchorText {
    private static let mostBytes = 512

    /// White space folded, at most 512 bytes, cut between characters.
    static func folded(_ text: Slice<UnsafeRawBufferPointer>) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: mostBytes + 1) { out in
            var count = 0
            for byte in text where byte > 32 || count > 0 && out[count - 1] != 32 {
                out[count] = max(byte, 32)
                count += 1
                if count > mostBytes { break }
            }
            if count > mostBytes {
                // Not within a character.
                count = mostBytes
                while count > 0, out[count] & 0xC0 == 0x80 { count -= 1 }
            }
            while count > 0, out[count - 1] == 32 { count -= 1 }
            return String(decoding: UnsafeBufferPointer(rebasing: out[..<count]), as: UTF8.self)
        }
    }
}
