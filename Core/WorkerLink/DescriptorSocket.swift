import Glibc

/// One end of a Unix socket pair that carries descriptors, each with a number (SCM_RIGHTS, unix(7)). When the other process ends, reading says so.
public struct DescriptorSocket: Sendable {
    public let descriptor: Int32

    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Two ends, closed on exec.
    public static func pair() -> (DescriptorSocket, DescriptorSocket)? {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
        return (DescriptorSocket(descriptor: ends[0]), DescriptorSocket(descriptor: ends[1]))
    }

    // struct cmsghdr with one int: length, level and type, the descriptor, padding.
    private static let header: UInt64 = 20
    private static let kind = UInt64(UInt32(SOL_SOCKET)) | UInt64(UInt32(SCM_RIGHTS)) << 32

    /// False when it cannot be sent now or ever; the caller keeps `passed` either way. Never waits.
    public func send(_ number: UInt64, _ passed: Int32) -> Bool {
        var number = number
        var control: [UInt64] = [Self.header, Self.kind, UInt64(UInt32(bitPattern: passed))]
        return withUnsafeMutableBytes(of: &number) { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    while true {
                        if sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) >= 0 { return true }
                        if errno != EINTR { return false }
                    }
                }
            }
        }
    }

    /// Waits for the next; nil when the other side is gone or sends what it must not. The descriptor is the caller's to close.
    public func receive() -> (number: UInt64, descriptor: Int32)? {
        var number: UInt64 = 0
        var control = [UInt64](repeating: 0, count: 3)
        return withUnsafeMutableBytes(of: &number) { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    var count = recvmsg(descriptor, &message, Int32(MSG_CMSG_CLOEXEC))
                    while count < 0, errno == EINTR { count = recvmsg(descriptor, &message, Int32(MSG_CMSG_CLOEXEC)) }
                    let words = control.bindMemory(to: UInt64.self)
                    guard message.msg_controllen >= 20, words[0] == Self.header, words[1] == Self.kind else { return nil }
                    let passed = Int32(truncatingIfNeeded: words[2])
                    guard count == 8 else {
                        close(passed)
                        return nil
                    }
                    return (bytes.load(as: UInt64.self), passed)
                }
            }
        }
    }
}
