import Mail

/// A call's facts as they cross to a worker. The message's bytes, what was decoded of them, and of what it consists go by themselves, as
/// regions (`ReceivedMessage.shown`), whose numbers come last.
extension WireWriter {
    mutating func call(_ call: FilterCall) {
        u8(UInt8(call.phase.rawValue))
        session(call.session)
        optional(call.message?.envelope ?? call.envelope) { $0.envelope($1) }
        recipients(call.recipients)
        optional(call.domain) { $0.text($1) }
        optional(call.queueID ?? call.message?.queueID) { $0.i64($1.rawValue) }
        text(call.slotName)
        list(call.earlier) { $0.earlier($1) }
        optional(call.outcome) { $0.outcome($1) }
        optional(call.route) { $0.route($1) }
        optional(call.peer) { $0.peer($1) }
        optional(call.message) {
            $0.i64($1.receivedAt.microseconds)
            $0.optional($1.content) { $0.u8($1.built.rawValue) }
        }
    }

    /// Behind a call with a message: the numbers of what it is shown.
    mutating func shown(_ numbers: [UInt64]) { list(numbers) { $0.u64($1) } }

    mutating func session(_ session: SessionFacts) {
        u64(session.id)
        flag(session.role == .outbound)
        text(session.listener)
        raw(session.client.octets)
        u32(UInt32(clamping: session.clientPort))
        i64(session.connectedAt.microseconds)
        optional(session.helo) { $0.text($1) }
        flag(session.isESMTP)
        optional(session.tls) {
            $0.text($1.version)
            $0.text($1.cipher)
        }
        optional(session.login) { $0.text($1) }
        flag(session.isLMTP)
    }

    mutating func envelope(_ envelope: Envelope) {
        switch envelope.reversePath {
        case .null: flag(false)
        case .address(let address):
            flag(true)
            self.address(address)
        }
        flag(envelope.is8BitMIME)
        flag(envelope.isSMTPUTF8)
        optional(envelope.declaredSize) { $0.i64(Int64($1)) }
        list(envelope.recipients) {
            $0.address($1.address)
            $0.text($1.policyDomain)
        }
    }

    mutating func address(_ address: EmailAddress) {
        text(address.localPart)
        text(address.domain)
    }

    mutating func recipients(_ set: RecipientSet) {
        optional(set.words) { $0.list($1) { $0.u64($1) } }
    }
}

extension WireReader {
    /// `region` gives bytes by their number, `content` what the record of this number says of such bytes.
    public mutating func call(
        _ region: (UInt64) -> Region?, content: (UInt64, [Region]) throws(WireFault) -> MessageContent
    ) throws(WireFault) -> FilterCall {
        guard let phase = Phase(rawValue: Int(try u8())) else { throw WireFault("an unknown phase") }
        var call = FilterCall(phase: phase, session: try session(), slotName: "")
        call.envelope = try optional { (reader) throws(WireFault) in try reader.envelope() }
        call.recipients = try recipients()
        call.domain = try optional { (reader) throws(WireFault) in try reader.text() }
        call.queueID = try optional { (reader) throws(WireFault) in QueueID(rawValue: try reader.i64()) }
        call.slotName = try text()
        call.earlier = try list(most: 1 << 16) { (reader) throws(WireFault) in try reader.earlier() }
        call.outcome = try optional { (reader) throws(WireFault) in try reader.outcome() }
        call.route = try optional { (reader) throws(WireFault) in try reader.route() }
        call.peer = try optional { (reader) throws(WireFault) in try reader.peer() }
        if try flag() {
            let receivedAt = Timestamp(microseconds: try i64())
            let built = try optional { (reader) throws(WireFault) in ContentNeeds(rawValue: try reader.u8()) }
            var numbers = try list(most: 16) { (reader) throws(WireFault) in try reader.u64() }
            let record = built == nil ? nil : numbers.popLast()
            let regions = numbers.compactMap(region)
            guard regions.count == numbers.count, let first = regions.first, let envelope = call.envelope else {
                throw WireFault("a message without its bytes")
            }
            call.message = ReceivedMessage(
                queueID: call.queueID ?? QueueID(rawValue: 0), session: call.session, envelope: envelope, region: first,
                receivedAt: receivedAt)
            if let built, let record { call.message?.content = try content(record, regions).showing(built) }
        }
        return call
    }

    mutating func session() throws(WireFault) -> SessionFacts {
        let id = try u64()
        let role = try flag() ? ListenerRole.outbound : .inbound
        let listener = try text()
        guard let client = IPAddress(octets: try raw(most: 16)) else { throw WireFault("a client without an address") }
        var session = SessionFacts(
            id: id, role: role, listener: listener, client: client, clientPort: Int(try u32()),
            connectedAt: Timestamp(microseconds: try i64()))
        session.helo = try optional { (reader) throws(WireFault) in try reader.text() }
        session.isESMTP = try flag()
        session.tls = try optional { (reader) throws(WireFault) in TLSFacts(version: try reader.text(), cipher: try reader.text()) }
        session.login = try optional { (reader) throws(WireFault) in try reader.text() }
        session.isLMTP = try flag()
        return session
    }

    mutating func envelope() throws(WireFault) -> Envelope {
        var envelope = Envelope(reversePath: try flag() ? .address(try address()) : .null)
        envelope.is8BitMIME = try flag()
        envelope.isSMTPUTF8 = try flag()
        envelope.declaredSize = try optional { (reader) throws(WireFault) in Int(try reader.i64()) }
        envelope.recipients = try list(most: 1 << 20) { (reader) throws(WireFault) in
            Recipient(address: try reader.address(), policyDomain: try reader.text())
        }
        return envelope
    }

    mutating func address() throws(WireFault) -> EmailAddress {
        EmailAddress(localPart: try text(), domain: try text())
    }

    mutating func recipients() throws(WireFault) -> RecipientSet {
        let words = try optional { (reader) throws(WireFault) in
            try reader.list(most: 1 << 14) { (reader) throws(WireFault) in try reader.u64() }
        }
        return words.map { RecipientSet(words: $0) } ?? .all
    }
}
