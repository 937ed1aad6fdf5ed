import Glibc
import Processes

/// Descriptors, each with a number, on their way to a worker.
extension PacketSocket {
    /// False when it cannot be sent now or ever; the caller keeps `passed` either way. Never waits.
    public func send(_ number: UInt64, _ passed: Int32) -> Bool {
        withUnsafeBytes(of: number) { send($0, with: passed, waiting: false) }
    }

    /// Waits for the next; nil when the other side is gone or sends what it must not. The descriptor is the caller's to close.
    public func receive() -> (number: UInt64, descriptor: Int32)? {
        var number: UInt64 = 0
        switch withUnsafeMutableBytes(of: &number, { receive(into: $0, waiting: true) }) {
        case .packet(8, .some(let passed)): return (number, passed)
        case .packet(_, .some(let passed)), .cut(.some(let passed)):
            Glibc.close(passed)
            return nil
        default: return nil
        }
    }
}
