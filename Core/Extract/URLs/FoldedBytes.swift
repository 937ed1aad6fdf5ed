/// Comparing without regard to the case of ASCII letters.
extension Collection where Element == UInt8 {
    /// Equal to `word`, which is lower case, but for the case of ASCII letters.
    @inline(__always) func elementsEqualFolded(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        var at = 0
        for byte in self {
            guard (byte &- 65 < 26 ? byte | 0x20 : byte) == word.utf8Start[at] else { return false }
            at += 1
        }
        return true
    }
}
