import CPostern

/// Results by digest, in memory (`postern.cache/1`): what was used longest ago makes room. Any thread.
public struct Cache: @unchecked Sendable {
    // Sendable: a table that lives as long as the module and is never written.
    let table: UnsafePointer<postern_cache>

    /// nil: nothing is stored under `digest`, which has 32 bytes.
    public func get(_ digest: [UInt8]) -> [UInt8]? {
        guard digest.count == POSTERN_CACHE_DIGEST else { return nil }
        var capacity = 1024
        while true {
            var length: UInt64 = 0
            var status = POSTERN_FAILED
            let value = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                status = table.pointee.get(table, digest, buffer.baseAddress, UInt64(capacity), &length)
                count = status == POSTERN_OK ? Int(length) : 0
            }
            if status == POSTERN_OK { return value }
            guard status == POSTERN_LIMIT else { return nil }
            // Another thread may have stored a longer one meanwhile.
            capacity = Int(length)
        }
    }

    /// At most 65536 bytes; `kept` nil: until it makes room.
    public func put(_ digest: [UInt8], _ value: [UInt8], kept: Duration? = nil) {
        guard digest.count == POSTERN_CACHE_DIGEST else { return }
        value.withUnsafeBufferPointer {
            let bytes = postern_bytes(data: $0.baseAddress, length: UInt64($0.count))
            _ = table.pointee.put(table, digest, bytes, kept.map { max(1, $0.inMicroseconds) } ?? 0)
        }
    }

    public func remove(_ digest: [UInt8]) {
        if digest.count == POSTERN_CACHE_DIGEST { _ = table.pointee.remove(table, digest) }
    }
}
