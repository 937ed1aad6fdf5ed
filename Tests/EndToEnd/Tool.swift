import Foundation
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

    static var isStaged: Bool {
        if FileManager.default.isExecutableFile(atPath: postern) { return true }
        print("skipped: no staged tree in POSTERN_STAGE; `make test` makes one")
        return false
    }

    /// Runs a program to its end, at most `seconds`.
    @discardableResult
    static func run(_ arguments: [String], input: String? = nil, directory: String? = nil, seconds: Double = 60) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        // Files, not pipes: a program that writes much can never block, and nothing is lost.
        let folder = try TemporaryFolder()
        let (out, err) = (folder.path + "/out", folder.path + "/err")
        for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        if let input {
            try input.write(toFile: folder.path + "/in", atomically: false, encoding: .utf8)
            process.standardInput = FileHandle(forReadingAtPath: folder.path + "/in")
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        try process.run()
        let deadline = Date(timeIntervalSinceNow: seconds)
        while process.isRunning, Date() < deadline { usleep(5000) }
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("\(arguments.prefix(3)) did not end within \(seconds) s")
        }
        process.waitUntilExit()
        func text(_ path: String) -> String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)) ?? "" }
        return Result(status: process.terminationStatus, output: text(out), errors: text(err))
    }

    /// Polls until `condition` holds; false when it does not within `seconds`.
    static func wait(_ seconds: Double = 30, until condition: () throws -> Bool) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if try condition() { return true }
            if Date() > deadline { return false }
            usleep(20_000)
        }
    }

    /// A port that was free a moment ago.
    static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
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

/// A folder that goes with its last reference.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/postern-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A program that runs until it is told to stop.
final class Daemon {
    let process = Process()
    let log: String

    init(_ arguments: [String], log: String, directory: String? = nil) throws {
        self.log = log
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
        let handle = FileHandle(forWritingAtPath: log)!
        handle.seekToEndOfFile()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var text: String { (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: log)), as: UTF8.self)) ?? "" }

    /// SIGTERM, and SIGKILL when that brings nothing. The exit status.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        if process.isRunning { kill(process.processIdentifier, signal) }
        if !Tool.wait(40, until: { !process.isRunning }) {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("\(process.executableURL!.lastPathComponent) did not stop: \(text.suffix(500))")
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit { if process.isRunning { stop(SIGKILL) } }
}
