import Control
import Foundation
import GatewayTestKit
import Glibc
import Logging

/// A server on a socket of its own in a new folder, for the time of `body`.
func withServer(
    _ backend: ScriptedBackend, observation: ControlServer.Address? = nil, body: (_ socket: String, _ port: Int?) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let socket = folder.path + "/control/postern.sock"
    let running = AsyncStream.makeStream(of: Int?.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try ControlServer(socket: socket, observation: observation, backend: backend, logger: logger) {
        running.continuation.yield($0)
    }
    let task = Task {
        defer { running.continuation.finish() }
        try await server.run()
    }
    let result: Result<Void, any Error>
    do {
        guard let port = await running.stream.first(where: { _ in true }) else {
            try await task.value
            throw CancellationError()
        }
        result = .success(try await body(socket, port))
    } catch { result = .failure(error) }
    task.cancel()
    _ = await task.result
    try result.get()
}

/// A client that knows no HTTP: bytes out, bytes in until the peer closes or says no more for five seconds.
struct RawConnection: Sendable {
    let descriptor: Int32

    init(socket path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try self.init(family: AF_UNIX, address)
    }

    init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        try self.init(family: AF_INET, address)
    }

    private init<Address>(family: Int32, _ address: Address) throws {
        descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafeBytes(of: address) {
            connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        guard result == 0 else {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            close(descriptor)
            throw POSIXError(code)
        }
    }

    /// The status and the body. Blocks a thread of its own: the server needs the few that tasks run on.
    func ask(_ request: String) async -> (status: Int, body: String) {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: askBlocking(request)) }
        }
    }

    private func askBlocking(_ request: String) -> (status: Int, body: String) {
        defer { close(descriptor) }
        let bytes = Array(request.utf8)
        var sent = 0
        while sent < bytes.count {
            let n = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if n <= 0 { break }
            sent += n
        }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while all.count < 1 << 20 {
            let n = recv(descriptor, &buffer, buffer.count, 0)
            if n <= 0 { break }
            all += buffer[..<n]
        }
        let text = String(decoding: all, as: UTF8.self)
        let status = Int(text.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0
        return (status, text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n"))
    }

    static func get(_ path: String, method: String = "GET", headers: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n"
    }
}
