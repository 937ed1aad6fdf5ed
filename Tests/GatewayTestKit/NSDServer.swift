/// A real authoritative name server, nsd, for a test: its zones, its own folder, a free port on 127.0.0.1 (UDP and TCP).
///
/// Run tests that use it inside a network namespace. It ends with `stop`, or with the last reference.
import Foundation
import Glibc

public final class NSDServer: Sendable {
    public let port: Int
    /// `127.0.0.1:PORT`, as configuration names a forwarder.
    public var address: String { "127.0.0.1:\(port)" }
    private let process: ChildProcess
    private let directory: URL

    public static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }
    private static let path = "/usr/sbin/nsd"

    /// `zones`: origin without final dot -> the zone file's text. Returns when it answers.
    public convenience init(zones: [String: String]) throws {
        var last: any Error = ChildProcess.Failure("nsd: no port")
        // A port that was free a moment ago may be taken by now.
        for _ in 0..<5 {
            do {
                let (process, directory, port) = try Self.start(zones)
                self.init(process: process, directory: directory, port: port)
                return
            } catch { last = error }
        }
        throw last
    }

    private init(process: ChildProcess, directory: URL, port: Int) {
        self.process = process
        self.directory = directory
        self.port = port
    }

    deinit { stop() }

    /// Ends this nsd and removes its folder.
    public func stop() {
        process.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// A zone file's head: SOA and one name server, ns.ORIGIN at 127.0.0.1.
    public static func head(of origin: String) -> String {
        "$ORIGIN \(origin).\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
    }

    private static func start(_ zones: [String: String]) throws -> (ChildProcess, URL, Int) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nsd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let port = FreePort.take()
        let log = directory.appendingPathComponent("nsd.log")
        var configuration = """
            server:
              ip-address: 127.0.0.1@\(port)
              username: ""
              zonesdir: "\(directory.path)"
              database: ""
              pidfile: ""
              xfrdfile: ""
              zonelistfile: "\(directory.path)/zone.list"
              xfrdir: "\(directory.path)"
              logfile: "\(log.path)"
              server-count: 1
              rrl-ratelimit: 0
            remote-control:
              control-enable: no

            """
        for (index, (origin, text)) in zones.sorted(by: { $0.key < $1.key }).enumerated() {
            try text.write(to: directory.appendingPathComponent("\(index).zone"), atomically: false, encoding: .utf8)
            configuration += "zone:\n  name: \"\(origin)\"\n  zonefile: \"\(index).zone\"\n"
        }
        let file = directory.appendingPathComponent("nsd.conf")
        try configuration.write(to: file, atomically: false, encoding: .utf8)
        let process = try ChildProcess(path, ["-d", "-c", file.path])
        do {
            try waitUntilAnswering(port, process)
            return (process, directory, port)
        } catch {
            process.stop()
            let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            try? FileManager.default.removeItem(at: directory)
            throw ChildProcess.Failure("\(error)\n\(said)")
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Asks for the root's SOA until there is any answer.
    private static func waitUntilAnswering(_ port: Int, _ process: ChildProcess) throws {
        let query: [UInt8] = [0x50, 0x4F, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1]
        let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(udp) }
        var address = loopback(UInt16(port))
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(udp, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        for _ in 0..<200 {
            guard process.isRunning else { throw ChildProcess.Failure("nsd ended with \(process.exitStatus ?? 0)") }
            _ = send(udp, query, query.count, 0)
            var readable = pollfd(fd: udp, events: Int16(POLLIN), revents: 0)
            var answer = [UInt8](repeating: 0, count: 512)
            if poll(&readable, 1, 50) > 0, recv(udp, &answer, answer.count, 0) > 2, answer[0] == 0x50, answer[1] == 0x4F { return }
            usleep(20_000)
        }
        throw ChildProcess.Failure("nsd does not answer on port \(port)")
    }
}
