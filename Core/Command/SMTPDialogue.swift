import Glibc
import Mail
import SMTP

/// An SMTP client on a blocking socket: a command, its reply, the next command (RFC 5321). For `postern send`; use from one thread.
final class SMTPDialogue {
    struct Result {
        var isAccepted: Bool
        /// What was refused and how, a line each.
        var refusals: [String]
    }

    /// Until a connection or a reply counts as lost: after DATA a gateway may scan for minutes.
    private static let patience = 300

    private let socket: Int32
    private let isShown: Bool
    private var parser = ReplyParser()
    private var received: [UInt8] = []
    private var takes8BitMIME = false

    init(_ server: Endpoint, isShown: Bool) throws {
        self.isShown = isShown
        socket = try Self.connect(server)
    }

    deinit { close(socket) }

    func greet(as name: String) throws {
        let greeting = try reply()
        guard greeting.isPositive else { throw SendFailure("the server does not want us: \(greeting)") }
        var answer = try ask("EHLO \(name)")
        if answer.isPermanent { answer = try ask("HELO \(name)") }
        guard answer.isPositive else { throw SendFailure("EHLO was refused: \(answer)") }
        takes8BitMIME = answer.lines.dropFirst().contains { $0.uppercased() == "8BITMIME" }
    }

    /// One transaction. Throws when the connection is of no more use.
    func send(from: ReversePath, to: [EmailAddress], _ content: [UInt8]) throws -> Result {
        let has8Bit = content.contains { $0 >= 0x80 }
        let mail = try ask("MAIL FROM:<\(from)>" + (has8Bit && takes8BitMIME ? " BODY=8BITMIME" : ""))
        guard mail.isPositive else { return try refused(["MAIL FROM:<\(from)>: \(mail)"]) }
        var refusals: [String] = []
        for recipient in to {
            let reply = try ask("RCPT TO:<\(recipient)>")
            if !reply.isPositive { refusals.append("RCPT TO:<\(recipient)>: \(reply)") }
        }
        if refusals.count == to.count { return try refused(refusals) }
        let go = try ask("DATA")
        guard go.code == 354 else { return try refused(refusals + ["DATA: \(go)"]) }
        let wire = Self.wireForm(content)
        show("C: (\(wire.count) bytes)")
        try write(wire)
        let end = try reply()
        if !end.isPositive { refusals.append("the message: \(end)") }
        return Result(isAccepted: end.isPositive, refusals: refusals)
    }

    /// Says QUIT; what comes of it no longer matters.
    func quit() { _ = try? ask("QUIT") }

    private func refused(_ refusals: [String]) throws -> Result {
        _ = try ask("RSET")
        return Result(isAccepted: false, refusals: refusals)
    }

    /// Every line end CR LF, dots doubled, `.` CR LF behind (RFC 5321 section 4.5.2).
    static func wireForm(_ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count + content.count / 32 + 8)
        var previous: UInt8 = 10
        for (i, byte) in content.enumerated() {
            switch byte {
            case 10 where previous != 13: out += [13, 10]
            // A CR that no LF follows is a line end too: on its own a server must refuse it.
            case 13 where i + 1 == content.count || content[i + 1] != 10: out += [13, 10]
            case UInt8(ascii: ".") where previous == 10 || (previous == 13): out += [byte, byte]
            default: out.append(byte)
            }
            previous = byte
        }
        if out.suffix(2) != [13, 10] { out += [13, 10] }
        return out + [UInt8(ascii: "."), 13, 10]
    }

    private func ask(_ command: String) throws -> Reply {
        show("C: \(command)")
        try write(Array((command + "\r\n").utf8))
        return try reply()
    }

    private func show(_ line: String) { if isShown { Terminal.print(Terminal.escaped(line)) } }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let n = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if n < 0, errno == EINTR { continue }
                if n <= 0 { throw SendFailure("the connection broke: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(n)
            }
        }
    }

    private func reply() throws -> Reply {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var consumed = 0
            let result = received.withUnsafeBytes { parser.parse($0, consumed: &consumed) }
            received.removeFirst(consumed)
            switch result {
            case .reply(let reply):
                for (i, line) in reply.lines.enumerated() {
                    let enhanced = i > 0 || reply.status.enhanced.isEmpty ? "" : reply.status.enhanced + " "
                    show("S: \(reply.code)\(i + 1 < reply.lines.count ? "-" : " ")\(enhanced)\(line)")
                }
                if reply.code == 421 { throw SendFailure("the server ended the session: \(reply)") }
                return reply
            case .malformed(let why): throw SendFailure("the server's reply is malformed: \(why)")
            case .incomplete: break
            }
            let n = recv(socket, &buffer, buffer.count, 0)
            if n < 0, errno == EINTR { continue }
            if n == 0 { throw SendFailure("the server closed the connection") }
            if n < 0 {
                throw SendFailure(
                    errno == EAGAIN ? "no reply within \(Self.patience) s" : "the connection broke: \(String(cString: strerror(errno)))")
            }
            received += buffer[..<n]
        }
    }

    private static func connect(_ server: Endpoint) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(server.host, String(server.port), &hints, &found)
        guard result == 0, let found else { throw SendFailure("cannot find \(server.host): \(String(cString: gai_strerror(result)))") }
        defer { freeaddrinfo(found) }
        var problem: Int32 = 0
        for address in sequence(first: found, next: { $0.pointee.ai_next }).prefix(16) {
            let info = address.pointee
            let socket = Glibc.socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
            if socket < 0 { continue }
            var wait = timeval(tv_sec: patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(socket, SOL_SOCKET, option, &wait, socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(socket, info.ai_addr, info.ai_addrlen) == 0 { return socket }
            problem = errno
            close(socket)
        }
        throw SendFailure("cannot connect to \(server): \(String(cString: strerror(problem)))")
    }
}

/// Why nothing more can be sent.
struct SendFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
