import Glibc

/// One end of a Unix socket pair that carries packets, each with at most one descriptor (SCM_RIGHTS, unix(7)). Does not own its descriptor. Any
/// thread.
public struct PacketSocket: Sendable {
    public let descriptor: Int32

    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Two ends, closed on exec; nil without descriptors.
    public static func pair() -> (PacketSocket, PacketSocket)? {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        return (PacketSocket(descriptor: ends[0]), PacketSocket(descriptor: ends[1]))
    }

    public func close() { Glibc.close(descriptor) }

    // struct cmsghdr with one int: length, level and type, the descriptor, padding.
    private static let control: [UInt64] = [20, UInt64(UInt32(SOL_SOCKET)) | UInt64(UInt32(SCM_RIGHTS)) << 32, 0]

    /// The kernel gives the other side a descriptor of its own; `passed` stays the caller's. False when that side is gone, or, without waiting,
    /// when it has not taken up what was sent before.
    public func send(_ packet: UnsafeRawBufferPointer, with passed: Int32? = nil, waiting: Bool) -> Bool {
        var control = Self.control
        if let passed { control[2] = UInt64(UInt32(bitPattern: passed)) }
        // sendmsg(2) writes to none of it.
        var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: packet.baseAddress), iov_len: packet.count)
        return control.withUnsafeMutableBytes { control in
            withUnsafeMutablePointer(to: &part) { part in
                var header = msghdr()
                header.msg_iov = part
                header.msg_iovlen = 1
                if passed != nil {
                    header.msg_control = control.baseAddress
                    header.msg_controllen = control.count
                }
                while true {
                    if sendmsg(descriptor, &header, Int32(MSG_NOSIGNAL) | (waiting ? 0 : Int32(MSG_DONTWAIT))) >= 0 { return true }
                    if errno != EINTR { return false }
                }
            }
        }
    }

    public enum Received {
        /// So many bytes are in the buffer; the descriptor, closed on exec, is the caller's to close.
        case packet(Int, Int32?)
        /// More than the buffer takes, or more than one descriptor.
        case cut(Int32?)
        /// Nothing is there (only without waiting).
        case nothing
        /// The other side is gone.
        case end
    }

    public func receive(into buffer: UnsafeMutableRawBufferPointer, waiting: Bool) -> Received {
        var control = [UInt64](repeating: 0, count: Self.control.count)
        var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
        return control.withUnsafeMutableBytes { control in
            withUnsafeMutablePointer(to: &part) { part in
                var header = msghdr()
                header.msg_iov = part
                header.msg_iovlen = 1
                header.msg_control = control.baseAddress
                header.msg_controllen = control.count
                let flags = Int32(MSG_CMSG_CLOEXEC) | (waiting ? 0 : Int32(MSG_DONTWAIT))
                var count = recvmsg(descriptor, &header, flags)
                while count < 0, errno == EINTR { count = recvmsg(descriptor, &header, flags) }
                if count < 0 { return errno == EAGAIN ? .nothing : .end }
                let words = control.bindMemory(to: UInt64.self)
                let hasDescriptor = header.msg_controllen >= 20 && words[0] == Self.control[0] && words[1] == Self.control[1]
                let passed = hasDescriptor ? Int32(truncatingIfNeeded: words[2]) : nil
                if count == 0, passed == nil { return .end }
                return header.msg_flags & Int32(MSG_TRUNC | MSG_CTRUNC) == 0 ? .packet(count, passed) : .cut(passed)
            }
        }
    }
}
