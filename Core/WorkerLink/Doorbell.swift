import CWorkerLink
import Glibc

/// Wakes the process at the other end: an eventfd(2). Any thread. Does not own its descriptor.
public struct Doorbell: Sendable {
    public let descriptor: Int32

    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// A new one, closed on exec; nil without descriptors.
    public static func make() -> Doorbell? {
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        return descriptor < 0 ? nil : Doorbell(descriptor: descriptor)
    }

    public func ring() {
        var one: UInt64 = 1
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }

    /// Takes back what was rung.
    public func clear() {
        var count: UInt64 = 0
        while read(descriptor, &count, 8) < 0, errno == EINTR {}
    }
}
