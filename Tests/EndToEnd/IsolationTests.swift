import Foundation
import Testing

/// These tests see loopback and nothing else: no packet can leave the machine.
struct IsolationTests {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["POSTERN_ISOLATED"] != nil)) func nothingButLoopbackIsReachable() throws {
        let links = try Tool.run(["ip", "-o", "link", "show", "up"]).output.split(separator: "\n")
        #expect(links.count == 1 && links[0].contains(" lo: "), "\(links)")
        #expect(try Tool.run(["ip", "route", "show"]).output.isEmpty)
        #expect(try Tool.run(["ip", "-6", "route", "show", "default"]).output.isEmpty)
        // TEST-NET-3 (RFC 5737; another test has a server in TEST-NET-1) by TCP, and a DNS question by UDP: refused by the kernel before anything is sent.
        let script = """
            import socket
            for kind, port in ((socket.SOCK_STREAM, 25), (socket.SOCK_DGRAM, 53)):
                s = socket.socket(socket.AF_INET, kind); s.settimeout(2)
                try: s.connect(('203.0.113.1', port)); s.send(b'x'); print('sent')
                except OSError as e: print(e.errno)
            """
        let unreachable = "101"  // ENETUNREACH
        #expect(try Tool.run(["python3", "-c", script]).output.split(separator: "\n").map(String.init) == [unreachable, unreachable])
    }
}
