import CPostern
import Mail

/// Services that take time: they begin operations of a run.
extension ServiceTables {
    static var dns: postern_dns {
        postern_dns(
            size: UInt32(MemoryLayout<postern_dns>.size), reserved: 0,
            resolve: { call, questions, count, stride, operations in
                ServiceTables.run(call) { $0.resolve(questions, Int(count), Int(stride), operations) }
            })
    }

    static var timer: postern_timer {
        postern_timer(
            size: UInt32(MemoryLayout<postern_timer>.size), reserved: 0,
            start: { call, microseconds, operation in ServiceTables.run(call) { $0.startTimer(microseconds, operation) } })
    }

    static var state: postern_state {
        postern_state(
            size: UInt32(MemoryLayout<postern_state>.size), reserved: 0,
            submit: { call, operations, count, stride, ids in
                ServiceTables.run(call) { $0.submit(operations, Int(count), Int(stride), ids) }
            })
    }

    static var http: postern_http {
        postern_http(
            size: UInt32(MemoryLayout<postern_http>.size), reserved: 0,
            request: { call, request, operation in ServiceTables.run(call) { $0.request(request, operation) } })
    }

    static func token(_ me: UnsafeMutableRawPointer) -> postern_tokens {
        postern_tokens(
            size: UInt32(MemoryLayout<postern_tokens>.size), reserved: 0, context: me,
            begin: { call, token, operation in ServiceTables.run(call) { $0.beginToken(token, operation) } },
            complete: { table, token, bytes in
                ServiceTables.of(table?.pointee.context, else: POSTERN_INVALID) { services in
                    guard bytes.length <= UInt64(TokenBoard.mostBytes) else { return POSTERN_LIMIT }
                    return services.tokens.complete(token, Array(bytes.buffer)) ? POSTERN_OK : POSTERN_GONE
                }
            })
    }
}
