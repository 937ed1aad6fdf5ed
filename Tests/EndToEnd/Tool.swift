import Foundation
import GatewayTestKit
import Testing

/// Runs real programs, each in its own process, and ends only what it started.
enum Tool {
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The staged tree that `make test` lays out.
    static let stage = ProcessInfo.processInfo.environment["POSTERN_STAGE"] ?? ""
    static var postern: String { stage + "/bin/postern" }
    /// The source tree.
    static let tree = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized.path

    static var isStaged: Bool {
        if FileManager.default.isExecutableFile(atPath: postern) { return true }
        print("skipped: no staged tree in POSTERN_STAGE; `make test` makes one")
        return false
    }

    /// Runs a program to its end, at most `seconds`.
    @discardableResult
    static func run(_ arguments: [String], input: String? = nil, directory: String? = nil, seconds: Double = 60) throws -> Result {
        // Files, not pipes: a program that writes much can never block, and nothing is lost.
        let folder = try TemporaryFolder()
        let (out, err) = (folder.path + "/out", folder.path + "/err")
        if let input { try input.write(toFile: folder.path + "/in", atomically: false, encoding: .utf8) }
        let process = try ChildProcess(
            "/usr/bin/env", arguments, directory: directory, input: input.map { _ in folder.path + "/in" }, output: out, errors: err)
        if !wait(seconds, until: { !process.isRunning }) {
            Issue.record("\(arguments.prefix(3)) did not end within \(seconds) s")
            process.stop(seconds: 1)
        }
        func text(_ path: String) -> String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)) ?? "" }
        return Result(status: Int32(process.exitStatus ?? -1), output: text(out), errors: text(err))
    }

    /// A folder with key.pem and a self-signed cert.pem, for mx.gateway.example and 127.0.0.1.
    static func certificate() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let made = try run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.gateway.example", "-addext",
            "subjectAltName=DNS:mx.gateway.example,IP:127.0.0.1", "-keyout", folder.path + "/key.pem", "-out", folder.path + "/cert.pem",
        ])
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
        return folder
    }

    /// Polls until `condition` holds; false when it does not within `seconds`.
    static func wait(_ seconds: Double = 30, until condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if try condition() { return true }
            if Date() > deadline { return false }
            usleep(5_000)
        }
    }

    /// Dead, and not reaped yet: its last thread too, for as long as one is there its sockets are open.
    static func isZombie(_ pid: pid_t) -> Bool {
        guard (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task"))?.count ?? 0 <= 1 else { return false }
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.hasPrefix(" Z") == true
    }

    static func freePort() -> Int { FreePort.take() }

    /// A Unix socket that somebody listens on.
    static func isListening(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 }
        }
    }

    static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
    }
}

/// A program that runs until it is told to stop.
final class Daemon {
    let process: ChildProcess
    let log: String

    init(_ arguments: [String], log: String, directory: String? = nil) throws {
        self.log = log
        process = try ChildProcess(arguments[0], Array(arguments.dropFirst()), directory: directory, output: log)
    }

    var text: String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)) ?? "" }

    /// SIGTERM, and SIGKILL when that brings nothing. The exit status; negative: the signal that ended it.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        if process.isRunning { kill(process.pid, signal) }
        if !Tool.wait(40, until: { !process.isRunning }) {
            Issue.record("process \(process.pid) did not stop: \(text.suffix(500))")
            process.stop(seconds: 1)
        }
        return Int32(process.exitStatus ?? -1)
    }

    deinit { if process.isRunning { stop(SIGKILL) } }
}
