import Glibc

/// One of two bells that wake each other: a stream socket pair. Ringing never waits, whatever the other side does with its end. Does not
/// own its descriptor. Any thread.
public struct Doorbell: Sendable {
    public let descriptor: Int32

    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Two ends, closed on exec; nil without descriptors.
    public static func pair() -> (Doorbell, Doorbell)? {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
        return (Doorbell(descriptor: ends[0]), Doorbell(descriptor: ends[1]))
    }

    /// Wakes the other side. One that has not answered so many has no need of another.
    public func ring() {
        var byte: UInt8 = 1
        while send(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) < 0, errno == EINTR {}
    }

    /// Takes back what was rung, some of it at least. False: the other side has closed its end.
    @discardableResult
    public func clear() -> Bool {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        while true {
            let count = recv(descriptor, &bytes, 32, Int32(MSG_DONTWAIT))
            if count < 0, errno == EINTR { continue }
            return count != 0
        }
    }
}
