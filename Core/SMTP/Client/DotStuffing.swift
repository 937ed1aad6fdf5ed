#if canImport(Glibc)
    import func Glibc.memchr
#else
    import func Musl.memchr
#endif

/// Where a message needs another dot on its way into DATA (RFC 5321 section 4.5.2).
public enum DotStuffing {
    /// The first dot at or after `start` that begins a line, as an offset into `bytes`; offset 0 begins a line. One pass of memchr.
    ///
    /// A dot behind a bare LF counts too: some servers take that for a line end, and must not find an end of data there.
    public static func nextDot(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var at = start
        while at < bytes.count, let found = memchr(base + at, 46, bytes.count - at) {
            let offset = UnsafeRawPointer(found) - base
            if offset == 0 || bytes[offset - 1] == 10 { return offset }
            at = offset + 1
        }
        return nil
    }

    /// True when the end of data may follow at once: empty, or ends in CR LF.
    public static func endsInCRLF(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.isEmpty || (bytes.count >= 2 && bytes[bytes.count - 2] == 13 && bytes[bytes.count - 1] == 10)
    }
}
