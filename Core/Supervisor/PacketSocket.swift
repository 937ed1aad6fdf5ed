import Glibc

/// One end of a Unix socket pair that carries packets, each with at most one descriptor (SCM_RIGHTS, unix(7)).
struct PacketSocket {
    let descriptor: Int32

    /// Two ends, closed on exec.
    static func pair() -> (PacketSocket, PacketSocket)? {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        return (PacketSocket(descriptor: ends[0]), PacketSocket(descriptor: ends[1]))
    }

    func close() { Glibc.close(descriptor) }

    /// The kernel gives the other side a descriptor of its own. False when that side is gone.
    @discardableResult
    func send(_ message: SupervisorMessage, with passed: Int32? = nil) -> Bool {
        var packet = message.packet
        // struct cmsghdr with one int: length, level, type, the descriptor, padding.
        var control: [UInt64] = [20, UInt64(UInt32(SOL_SOCKET)) | UInt64(UInt32(SCM_RIGHTS)) << 32, UInt64(UInt32(passed ?? 0))]
        return packet.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var header = msghdr()
                    header.msg_iov = part
                    header.msg_iovlen = 1
                    if passed != nil {
                        header.msg_control = control.baseAddress
                        header.msg_controllen = control.count
                    }
                    while true {
                        if sendmsg(descriptor, &header, Int32(MSG_NOSIGNAL)) >= 0 { return true }
                        if errno != EINTR { return false }
                    }
                }
            }
        }
    }

    enum Received {
        /// The descriptor is the caller's to close. A nil message: the packet is none of ours.
        case packet(SupervisorMessage?, Int32?)
        /// Nothing is there (only without waiting).
        case nothing
        /// The other side is gone.
        case end
    }

    func receive(waiting: Bool) -> Received {
        var bytes = [UInt8](repeating: 0, count: SupervisorMessage.mostBytes)
        var control = [UInt64](repeating: 0, count: 3)
        return bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
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
                    var passed: Int32?
                    if header.msg_controllen >= 20, words[0] == 20,
                        words[1] == UInt64(UInt32(SOL_SOCKET)) | UInt64(UInt32(SCM_RIGHTS)) << 32
                    {
                        passed = Int32(truncatingIfNeeded: words[2])
                    }
                    if count == 0, passed == nil { return .end }
                    let isWhole = header.msg_flags & Int32(MSG_TRUNC | MSG_CTRUNC) == 0
                    return .packet(isWhole ? SupervisorMessage(packet: bytes.prefix(count)) : nil, passed)
                }
            }
        }
    }
}
