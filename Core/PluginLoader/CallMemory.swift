import CPostern
import Mail
import Synchronization

/// A `FilterCall` as the ABI shows it: one block of memory with the call's structs and strings, alive as long as the run. Bound to the run's
/// loop, but for `view` and `cancelled`, which read what never changes.
public final class CallMemory: @unchecked Sendable {
    public let call: UnsafeMutablePointer<postern_call>
    /// Whoever runs the call puts itself here: services find it through `postern_call.run`.
    public var owner: UnsafeMutableRawPointer?
    public let isCancelled = Atomic(false)
    /// Lines that this run wrote to the log.
    public let lines = Atomic(0)

    public let facts: FilterCall
    /// What refs point into, by their region's number.
    private let regions: [Region]
    /// Parts and URLs as the ABI shows them, made when asked for.
    var contentParts: [Int: (postern_part, names: [postern_bytes])] = [:]
    var contentURLs: [Int: postern_url] = [:]
    private let block: UnsafeMutableRawPointer
    /// Answers and recipients, made when asked for.
    private var more: [UnsafeMutableRawPointer] = []
    private var moreBytes = 0
    /// Bytes of answers that one run may gather.
    static let mostBytes = 16 << 20
    private(set) lazy var earlier = makeEarlier()
    private var recipients: [Int: postern_recipient] = [:]

    public init(_ facts: borrowing FilterCall, host: UnsafePointer<postern_host>) {
        // A call has many references in it, and filters are called for each message: it is copied once.
        self.facts = copy facts
        regions = facts.message?.regions ?? []
        var writer = BlockWriter(capacity: Self.size(facts))
        block = writer.base
        call = writer.make(postern_call.self)
        let session = writer.make(postern_session.self)
        Self.fill(session, facts.session, &writer)

        var c = postern_call()
        c.size = UInt32(MemoryLayout<postern_call>.size)
        c.phase = UInt32(facts.phase.rawValue)
        c.reason = POSTERN_START
        let isAboutOne = facts.phase == .rcpt || facts.phase == .outcome
        c.recipient = isAboutOne ? facts.recipients.first.map(UInt32.init) ?? POSTERN_NO_RECIPIENT : POSTERN_NO_RECIPIENT
        c.host = host
        c.session = UnsafePointer(session)
        // At the edge nobody is known yet: null, all that will come.
        if !facts.phase.isEdge, let words = facts.recipients.words {
            let copy = writer.make(UInt64.self, count: max(words.count, 1))
            for (i, word) in words.enumerated() { copy[i] = word }
            c.recipients = postern_mask(words: copy, count: UInt32(words.count), reserved: 0)
        }
        if let message = facts.message {
            c.transaction = Self.make(message.envelope, facts.queueID ?? message.queueID, &writer)
        } else if let envelope = facts.envelope {
            c.transaction = Self.make(envelope, facts.queueID, &writer)
        }
        if let message = facts.message {
            let m = writer.make(postern_message.self)
            m.initialize(
                to: postern_message(
                    size: UInt32(MemoryLayout<postern_message>.size), flags: 0, received_at: message.receivedAt.microseconds,
                    raw: postern_ref(region: 0, flags: 0, offset: 0, length: UInt64(message.region.count)),
                    content: message.content.map { UnsafePointer(Self.make($0, &writer)) }))
            c.message = UnsafePointer(m)
        }
        if let route = facts.route { c.route = Self.make(route, &writer) }
        if let peer = facts.peer { c.peer = Self.make(peer, &writer) }
        if let outcome = facts.outcome { c.outcome = Self.make(outcome, &writer) }
        if let domain = facts.domain { c.domain = writer.text(domain) }
        c.slot = writer.text(facts.slotName)
        c.completion_size = UInt32(MemoryLayout<postern_completion>.stride)
        call.initialize(to: c)
        let me = Unmanaged.passUnretained(self).toOpaque()
        call.pointee.run = me
        if let transaction = c.transaction { UnsafeMutablePointer(mutating: transaction).pointee.context = me }
        if let content = c.message?.pointee.content { UnsafeMutablePointer(mutating: content).pointee.context = me }
    }

    deinit {
        block.deallocate()
        for extra in more { extra.deallocate() }
    }

    /// The memory that `call` is the head of.
    public static func of(_ call: UnsafePointer<postern_call>) -> Unmanaged<CallMemory> { .fromOpaque(call.pointee.run) }

    /// postern_host.view
    public func view(_ ref: postern_ref, _ out: UnsafeMutablePointer<postern_bytes>) -> postern_status {
        guard ref.region < regions.count else { return POSTERN_INVALID }
        let region = regions[Int(ref.region)]
        let count = UInt64(region.count)
        guard ref.offset <= count, ref.length <= count - ref.offset else { return POSTERN_INVALID }
        out.pointee = postern_bytes(
            data: region.bytes.baseAddress.map { ($0 + Int(ref.offset)).assumingMemoryBound(to: UInt8.self) }, length: ref.length)
        return POSTERN_OK
    }

    /// Memory that lives as long as the run.
    func make(_ capacity: Int) -> BlockWriter {
        let writer = BlockWriter(capacity: capacity)
        more.append(writer.base)
        moreBytes += capacity
        return writer
    }

    /// False: the run has gathered all that it may.
    var hasRoom: Bool { moreBytes < Self.mostBytes }

    /// An answer's memory, which lives as long as the run.
    public func result(of answer: DNSAnswer) -> UnsafeRawPointer {
        let texts = answer.detail.utf8.count + (answer.canonicalName?.utf8.count ?? 0)
        let bytes = answer.records.reduce(0) { $0 + $1.count }
        var writer = make(
            MemoryLayout<postern_dns_answer>.size + answer.records.count * MemoryLayout<postern_bytes>.stride + bytes + texts + 64)
        let result = writer.make(postern_dns_answer.self)
        let records = writer.make(postern_bytes.self, count: answer.records.count)
        for (i, record) in answer.records.enumerated() { records[i] = record.withUnsafeBytes { writer.bytes($0) } }
        result.initialize(
            to: postern_dns_answer(
                size: UInt32(MemoryLayout<postern_dns_answer>.size), status: answer.status.rawValue, security: answer.security.rawValue,
                ttl: answer.ttl, records: answer.records.isEmpty ? nil : UnsafePointer(records), record_count: UInt32(answer.records.count),
                record_size: UInt32(MemoryLayout<postern_bytes>.stride), canonical_name: writer.text(answer.canonicalName ?? ""),
                detail: writer.text(answer.detail)))
        return UnsafeRawPointer(result)
    }

    private static func make(_ envelope: Envelope, _ queueID: QueueID?, _ writer: inout BlockWriter) -> UnsafePointer<postern_transaction> {
        let transaction = writer.make(postern_transaction.self)
        var t = postern_transaction()
        t.size = UInt32(MemoryLayout<postern_transaction>.size)
        t.flags =
            (envelope.is8BitMIME ? POSTERN_TRANSACTION_8BITMIME : 0) | (envelope.isSMTPUTF8 ? POSTERN_TRANSACTION_SMTPUTF8 : 0)
            | (envelope.declaredSize != nil ? POSTERN_TRANSACTION_DECLARED_SIZE : 0)
        t.declared_size = UInt64(max(0, envelope.declaredSize ?? 0))
        t.recipient_count = UInt32(envelope.recipients.count)
        t.recipient = { transaction, index, out in
            guard let transaction, let out, let context = transaction.pointee.context else { return POSTERN_INVALID }
            return Unmanaged<CallMemory>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.recipient(index, out) }
        }
        switch envelope.reversePath {
        case .null: t.flags |= POSTERN_TRANSACTION_NULL_SENDER
        case .address(let address):
            t.reverse_path = writer.address(address)
            t.reverse_path_domain = writer.text(address.domain)
        }
        if let queueID { t.queue_id = writer.text(queueID.description) }
        transaction.initialize(to: t)
        return UnsafePointer(transaction)
    }

    private func recipient(_ index: UInt32, _ out: UnsafeMutablePointer<postern_recipient>) -> postern_status {
        guard let envelope = facts.message?.envelope ?? facts.envelope, index < envelope.recipients.count, out.pointee.size >= 8 else {
            return POSTERN_INVALID
        }
        let made: postern_recipient
        if let known = recipients[Int(index)] {
            made = known
        } else {
            let recipient = envelope.recipients[Int(index)]
            let capacity =
                recipient.address.localPart.utf8.count + 2 * recipient.address.domain.utf8.count + recipient.policyDomain.utf8.count + 8
            var writer = make(capacity)
            made = postern_recipient(
                size: 0, flags: 0, address: writer.address(recipient.address), domain: writer.text(recipient.address.domain),
                policy_domain: writer.text(recipient.policyDomain))
            recipients[Int(index)] = made
        }
        out.pointee.size = Self.copy(made, to: out, size: out.pointee.size)
        return POSTERN_OK
    }

    /// The caller's struct may be of another minor: copies what both know, but for its first field, and says how much that is. `size`: the
    /// caller's, at least 8.
    static func copy<T>(_ value: T, to out: UnsafeMutablePointer<T>, size: UInt32) -> UInt32 {
        withUnsafeBytes(of: value) { source in
            let count = min(Int(size), source.count)
            (UnsafeMutableRawPointer(out) + 4).copyMemory(from: source.baseAddress! + 4, byteCount: count - 4)
            return UInt32(count)
        }
    }

    private static func make(_ outcome: OutcomeRecord, _ writer: inout BlockWriter) -> UnsafePointer<postern_outcome> {
        let out = writer.make(postern_outcome.self)
        let symbols = writer.make(postern_outcome_symbol.self, count: outcome.symbols.count)
        for (i, symbol) in outcome.symbols.enumerated() {
            symbols[i] = postern_outcome_symbol(name: writer.text(symbol.name), score: symbol.score)
        }
        var o = postern_outcome()
        o.size = UInt32(MemoryLayout<postern_outcome>.size)
        o.kind = outcome.kind.rawValue
        o.phase = UInt32(outcome.phase.rawValue)
        o.attempts = UInt32(clamping: outcome.attempts)
        o.time = outcome.time.microseconds
        o.status = writer.text(outcome.status)
        o.text = writer.text(outcome.text)
        o.next_hop = writer.text(outcome.nextHop)
        o.score = outcome.score
        o.symbols = outcome.symbols.isEmpty ? nil : UnsafePointer(symbols)
        o.symbol_count = UInt32(outcome.symbols.count)
        o.symbol_size = UInt32(MemoryLayout<postern_outcome_symbol>.stride)
        out.initialize(to: o)
        return UnsafePointer(out)
    }

    private static func fill(_ out: UnsafeMutablePointer<postern_session>, _ facts: SessionFacts, _ writer: inout BlockWriter) {
        var s = postern_session()
        s.size = UInt32(MemoryLayout<postern_session>.size)
        s.flags =
            (facts.role == .outbound ? POSTERN_SESSION_OUTBOUND : 0) | (facts.isESMTP ? POSTERN_SESSION_ESMTP : 0)
            | (facts.helo != nil ? POSTERN_SESSION_HELO : 0) | (facts.tls != nil ? POSTERN_SESSION_TLS : 0)
            | (facts.login != nil ? POSTERN_SESSION_LOGIN : 0)
        s.id = facts.id
        s.connected_at = facts.connectedAt.microseconds
        s.client_family = facts.client.isIPv4 ? 4 : 6
        s.client_port = UInt32(clamping: facts.clientPort)
        withUnsafeMutableBytes(of: &s.client) { client in
            if facts.client.isIPv4 {
                client.storeBytes(of: UInt32(facts.client.low).bigEndian, as: UInt32.self)
            } else {
                client.storeBytes(of: facts.client.high.bigEndian, as: UInt64.self)
                client.storeBytes(of: facts.client.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
        if let helo = facts.helo { s.helo = writer.text(helo) }
        if let login = facts.login { s.login = writer.text(login) }
        if let tls = facts.tls {
            s.tls_version = writer.text(tls.version)
            s.tls_cipher = writer.text(tls.cipher)
        }
        out.initialize(to: s)
    }

    /// Bytes that the block needs: never less.
    private static func size(_ facts: borrowing FilterCall) -> Int {
        var size = MemoryLayout<postern_call>.stride + MemoryLayout<postern_session>.stride + 64
        if let message = facts.message {
            size += MemoryLayout<postern_message>.stride + Self.size(message.envelope)
            if message.content != nil { size += MemoryLayout<postern_content>.stride + 8 }
        } else if let envelope = facts.envelope {
            size += Self.size(envelope)
        }
        size += (facts.recipients.words?.count ?? 0) * 8 + (facts.session.helo?.utf8.count ?? 0) + (facts.session.login?.utf8.count ?? 0)
        if let tls = facts.session.tls { size += tls.version.utf8.count + tls.cipher.utf8.count }
        size += Self.size(facts.route, facts.peer)
        if let outcome = facts.outcome {
            size += MemoryLayout<postern_outcome>.stride + outcome.symbols.count * MemoryLayout<postern_outcome_symbol>.stride + 16
            size += outcome.symbols.reduce(outcome.status.utf8.count + outcome.text.utf8.count + outcome.nextHop.utf8.count) {
                $0 + $1.name.utf8.count
            }
        }
        return size + (facts.domain?.utf8.count ?? 0) + facts.slotName.utf8.count
    }

    private static func size(_ envelope: Envelope) -> Int {
        let size = MemoryLayout<postern_transaction>.stride + 16
        guard case .address(let address) = envelope.reversePath else { return size }
        return size + address.localPart.utf8.count + 2 * address.domain.utf8.count + 1
    }
}

extension RecipientSet {
    /// The lowest index; nil for all and for none.
    fileprivate var first: Int? {
        guard let words, let i = words.firstIndex(where: { $0 != 0 }) else { return nil }
        return i * 64 + words[i].trailingZeroBitCount
    }
}
