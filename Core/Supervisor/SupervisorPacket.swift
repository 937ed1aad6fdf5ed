import Processes

/// What comes out of the socket between gateway and supervisor.
enum SupervisorPacket {
    /// The descriptor is the caller's to close. A nil message: the packet is none of ours.
    case packet(SupervisorMessage?, Int32?)
    /// Nothing is there (only without waiting).
    case nothing
    /// The other side is gone.
    case end
}

extension PacketSocket {
    /// False when the other side is gone.
    @discardableResult
    func send(_ message: SupervisorMessage, with passed: Int32? = nil) -> Bool {
        message.packet.withUnsafeBytes { send($0, with: passed, waiting: true) }
    }

    func receive(waiting: Bool) -> SupervisorPacket {
        var bytes = [UInt8](repeating: 0, count: SupervisorMessage.mostBytes)
        switch bytes.withUnsafeMutableBytes({ receive(into: $0, waiting: waiting) }) {
        case .packet(let count, let passed): return .packet(SupervisorMessage(packet: bytes.prefix(count)), passed)
        case .cut(let passed): return .packet(nil, passed)
        case .nothing: return .nothing
        case .end: return .end
        }
    }
}
