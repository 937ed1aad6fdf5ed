import CPostern
import Mail

/// What operations came to, as C sees it: memory that lives as long as the run.
extension CallMemory {
    func result(of answer: StateAnswer) -> UnsafeRawPointer {
        let bytes = answer.entries.reduce(answer.value.count + answer.detail.utf8.count) { $0 + $1.key.count + $1.value.count }
        var writer = make(
            MemoryLayout<postern_state_result>.size + answer.entries.count * MemoryLayout<postern_state_entry>.stride + bytes + 64)
        let result = writer.make(postern_state_result.self)
        let entries = writer.make(postern_state_entry.self, count: answer.entries.count)
        for (i, entry) in answer.entries.enumerated() {
            entries[i] = postern_state_entry(
                key: entry.key.withUnsafeBytes { writer.bytes($0) }, value: entry.value.withUnsafeBytes { writer.bytes($0) },
                version: entry.version, expires_at: entry.expiresAt.microseconds)
        }
        var r = postern_state_result()
        r.size = UInt32(MemoryLayout<postern_state_result>.size)
        r.status = answer.status.rawValue
        r.version = answer.version
        r.expires_at = answer.expiresAt.microseconds
        r.sum = answer.sum
        r.value = answer.value.withUnsafeBytes { writer.bytes($0) }
        r.entries = answer.entries.isEmpty ? nil : UnsafePointer(entries)
        r.entry_count = UInt32(answer.entries.count)
        r.entry_size = UInt32(MemoryLayout<postern_state_entry>.stride)
        r.more = answer.hasMore ? 1 : 0
        r.detail = writer.text(answer.detail)
        result.initialize(to: r)
        return UnsafeRawPointer(result)
    }

    func result(of answer: HTTPAnswer) -> UnsafeRawPointer {
        let bytes = answer.headers.reduce(answer.body.count + answer.detail.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        var writer = make(
            MemoryLayout<postern_http_response>.size + answer.headers.count * MemoryLayout<postern_http_header>.stride + bytes + 64)
        let result = writer.make(postern_http_response.self)
        let headers = writer.make(postern_http_header.self, count: answer.headers.count)
        for (i, header) in answer.headers.enumerated() {
            headers[i] = postern_http_header(name: writer.text(header.name), value: writer.text(header.value))
        }
        var r = postern_http_response()
        r.size = UInt32(MemoryLayout<postern_http_response>.size)
        r.status = answer.status.rawValue
        r.code = UInt32(clamping: answer.code)
        r.flags = answer.isTruncated ? POSTERN_HTTP_TRUNCATED : 0
        r.headers = answer.headers.isEmpty ? nil : UnsafePointer(headers)
        r.header_count = UInt32(answer.headers.count)
        r.header_size = UInt32(MemoryLayout<postern_http_header>.stride)
        r.body = answer.body.withUnsafeBytes { writer.bytes($0) }
        r.detail = writer.text(answer.detail)
        result.initialize(to: r)
        return UnsafeRawPointer(result)
    }

    /// Of a token.
    func result(of bytes: [UInt8]) -> UnsafeRawPointer {
        var writer = make(MemoryLayout<postern_token_result>.size + bytes.count + 16)
        let result = writer.make(postern_token_result.self)
        result.initialize(
            to: postern_token_result(
                size: UInt32(MemoryLayout<postern_token_result>.size), reserved: 0, bytes: bytes.withUnsafeBytes { writer.bytes($0) }))
        return UnsafeRawPointer(result)
    }
}
