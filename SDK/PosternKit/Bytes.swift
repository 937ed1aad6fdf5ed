import CPostern

extension postern_bytes {
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : Int(clamping: length)) }
    var text: String { String(decoding: buffer, as: UTF8.self) }
}

extension String {
    /// Lends the text's UTF-8.
    func withBytes<R>(_ body: (postern_bytes) throws -> R) rethrows -> R {
        var copy = self
        return try copy.withUTF8 { try body(postern_bytes(data: $0.baseAddress, length: UInt64($0.count))) }
    }
}
