import CPostern

/// Lets a thread of the plugin's own end a wait (`postern.token/1`). Any thread; it may outlive its run.
public struct Token: @unchecked Sendable {
    // Sendable: the table lives as long as the module and is never written.
    let table: UnsafePointer<postern_tokens>
    let number: postern_token

    /// At most 65536 bytes. False: nobody waits for it any more.
    @discardableResult
    public func complete(_ bytes: [UInt8] = []) -> Bool {
        bytes.withUnsafeBufferPointer {
            table.pointee.complete(table, number, postern_bytes(data: $0.baseAddress, length: UInt64($0.count))) == POSTERN_OK
        }
    }
}

extension Call {
    /// Hands a token to `start`, which gives it to another thread and returns at once; waits until that completes it. nil: the run was
    /// cancelled, or this host has no tokens, and then `start` was not called.
    public func token(_ start: (Token) -> Void) async -> [UInt8]? {
        guard let tokens = host.tokens else { return nil }
        var number: postern_token = 0
        var id: [UInt64] = [0]
        guard tokens.pointee.begin(raw, &number, &id) == POSTERN_OK else { return nil }
        start(Token(table: tokens, number: number))
        return await results(of: id) { completion in
            completion.result?.assumingMemoryBound(to: postern_token_result.self).pointee.bytes.buffer.map { $0 } ?? []
        }[0]
    }
}

/// `postern.random/1`; the system's own where the host has none.
public struct HostRandom: RandomNumberGenerator, @unchecked Sendable {
    // Sendable: the table lives as long as the module and is never written.
    let table: UnsafePointer<postern_random>?

    public mutating func next() -> UInt64 {
        if let table { return table.pointee.u64(table) }
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
