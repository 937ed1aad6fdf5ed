/// A UDP socket on 127.0.0.1 that counts questions and answers as a test says: a name server that is slow, broken or silent.
import Glibc
import Synchronization

final class UDPResponder: Sendable {
    let port: Int
    private let descriptor: Int32
    private let stop: Atomic<Bool> = .init(false)
    private let seen = Atomic<Int>(0)

    var address: String { "127.0.0.1:\(port)" }
    /// Datagrams that came in.
    var questions: Int { seen.load(ordering: .relaxed) }

    /// `answer`: a datagram -> its answer; nil: none.
    init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) {
        let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(udp, $0, length) + getsockname(udp, $0, &length) }
        }
        precondition(code == 0, "no UDP socket: in a network namespace, is lo up?")
        descriptor = udp
        port = Int(UInt16(bigEndian: address.sin_port))
        var thread = pthread_t()
        let body = Body { [self] in serve(answer) }
        pthread_create(
            &thread, nil,
            {
                Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        pthread_detach(thread)
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Ends the thread, which closes the socket.
    func close() { stop.store(true, ordering: .relaxed) }

    private func serve(_ answer: ([UInt8]) -> [UInt8]?) {
        defer { Glibc.close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !stop.load(ordering: .relaxed) {
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&readable, 1, 20) > 0 else { continue }
            var peer = sockaddr()
            var length = socklen_t(MemoryLayout<sockaddr>.size)
            let count = recvfrom(descriptor, &buffer, buffer.count, 0, &peer, &length)
            guard count > 0 else { continue }
            seen.add(1, ordering: .relaxed)
            if let reply = answer(Array(buffer[..<count])) { sendto(descriptor, reply, reply.count, 0, &peer, length) }
        }
    }
}
