import Mail

/// `limits:` and `queue:` of postern.yaml: every field of `Limits` and `QueuePolicy` under its name in snake_case.
enum LimitsReader {
    private static let counts: [(String, WritableKeyPath<Limits, Int> & Sendable, ClosedRange<Int>)] = [
        ("recipients", \.recipients, 1...100_000),
        ("sessions", \.sessions, 1...1_000_000),
        ("sessions_per_client", \.sessionsPerClient, 1...1_000_000),
        ("sessions_per_network", \.sessionsPerNetwork, 1...1_000_000),
        ("sessions_per_minute", \.sessionsPerMinute, 0...10_000_000),
        ("messages_per_minute", \.messagesPerMinute, 0...10_000_000),
        ("recipients_per_minute", \.recipientsPerMinute, 0...10_000_000),
        ("failed_logins_per_minute", \.failedLoginsPerMinute, 1...10_000),
        ("transactions", \.transactions, 1...1_000_000),
        ("unknown_recipients", \.unknownRecipients, 1...1_000_000),
        ("errors", \.errors, 1...10_000),
        ("idle_commands", \.idleCommands, 1...1_000_000),
        ("hops", \.hops, 10...1000),
    ]

    private static let sizes: [(String, WritableKeyPath<Limits, Int> & Sendable, ClosedRange<Int>)] = [
        ("message_size", \.messageSize, 64 << 10...2 << 30),
        ("bytes_in_flight", \.bytesInFlight, 1 << 20...1 << 42),
        ("command_line", \.commandLine, 512...1 << 20),
        ("header_size", \.headerSize, 16 << 10...64 << 20),
        ("text_line", \.textLine, 998...1 << 30),
    ]

    private static let durations: [(String, WritableKeyPath<Limits, Duration> & Sendable, ClosedRange<Duration>)] = [
        ("command_timeout", \.commandTimeout, .seconds(1) ... .seconds(3600)),
        ("data_timeout", \.dataTimeout, .seconds(1) ... .seconds(3600)),
        ("transaction_timeout", \.transactionTimeout, .seconds(1) ... .seconds(86_400)),
        ("edge_filter_timeout", \.edgeFilterTimeout, .milliseconds(1) ... .seconds(300)),
        ("data_filter_timeout", \.dataFilterTimeout, .milliseconds(1) ... .seconds(600)),
        ("inspection_timeout", \.inspectionTimeout, .milliseconds(1) ... .seconds(600)),
        ("greet_delay", \.greetDelay, .zero ... .seconds(300)),
        ("drain", \.drain, .zero ... .seconds(600)),
    ]

    static func limits(_ map: MappingReader?) -> Limits {
        var limits = Limits()
        guard let map else { return limits }
        for (key, path, range) in counts { if let value = map.integer(key, in: range) { limits[keyPath: path] = value } }
        for (key, path, range) in sizes { if let value = map.bytes(key, in: range) { limits[keyPath: path] = value } }
        for (key, path, range) in durations { if let value = map.duration(key, in: range) { limits[keyPath: path] = value } }
        map.finish()
        if limits.messageSize > limits.bytesInFlight {
            map.problems.error(
                map.place, "`message_size` exceeds `bytes_in_flight`: such a message could never be taken", mend: "raise `bytes_in_flight`")
        }
        return limits
    }

    private enum EightBit: String, CaseIterable { case bounce, send }

    static func queue(_ map: MappingReader?) -> QueuePolicy {
        var queue = QueuePolicy()
        guard let map else { return queue }
        let wait: ClosedRange<Duration> = .seconds(1) ... .seconds(7 * 86_400)
        let timeout: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        queue.lifetime = map.duration("lifetime", in: .seconds(1) ... .seconds(60 * 86_400)) ?? queue.lifetime
        if let retry = map.mapping("retry") {
            queue.retryFirst = retry.duration("first", in: wait) ?? queue.retryFirst
            queue.retryMost = retry.duration("most", in: wait) ?? max(queue.retryMost, queue.retryFirst)
            retry.finish()
            if queue.retryFirst > queue.retryMost {
                map.problems.error(retry.place, "`first` is longer than `most`", mend: "make `first` the shorter one")
            }
        }
        queue.delayWarning = map.duration("delay_warning", in: .zero ... .seconds(60 * 86_400)) ?? queue.delayWarning
        queue.concurrency = map.integer("concurrency", in: 1...10_000) ?? queue.concurrency
        queue.connectTimeout = map.duration("connect_timeout", in: timeout) ?? queue.connectTimeout
        queue.replyTimeout = map.duration("reply_timeout", in: timeout) ?? queue.replyTimeout
        queue.endOfDataTimeout = map.duration("end_of_data_timeout", in: timeout) ?? queue.endOfDataTimeout
        queue.idleTimeout = map.duration("idle_timeout", in: .zero ... .seconds(3600)) ?? queue.idleTimeout
        queue.sendsEightBit = map.choice("eight_bit", EightBit.self) == .send
        map.finish()
        return queue
    }
}
