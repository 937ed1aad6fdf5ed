import Mail
import Testing

@testable import SMTP

@Suite struct ProxyHeaderTests {
    private func read(_ bytes: [UInt8]) -> ProxyHeader.Reading { bytes.withUnsafeBytes { ProxyHeader.read($0) } }

    private func block(_ body: [UInt8], _ command: UInt8 = 0x21, _ family: UInt8 = 0x11, length: Int? = nil) -> [UInt8] {
        let count = length ?? body.count
        return [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, command, family, UInt8(count >> 8), UInt8(count & 255)] + body
    }

    private let v4: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0x9C, 0x40, 0, 25]

    @Test func understood() {
        let rows: [([UInt8], ProxyHeader)] = [
            (Array("PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n".utf8), ProxyHeader(client: IPAddress("192.0.2.7"), clientPort: 40000)),
            (
                Array("PROXY TCP6 2001:db8::7 2001:db8::1 1 25\r\n".utf8),
                ProxyHeader(client: IPAddress("2001:db8::7"), clientPort: 1)
            ),
            (Array("PROXY UNKNOWN\r\n".utf8), ProxyHeader()),
            (Array("PROXY UNKNOWN whatever it says 1 2\r\n".utf8), ProxyHeader()),
            (block(v4), ProxyHeader(client: IPAddress("192.0.2.7"), clientPort: 40000)),
            (block(v4 + [4, 0, 2, 1, 1]), ProxyHeader(client: IPAddress("192.0.2.7"), clientPort: 40000)),
            (
                block([UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 0, count: 16) + [0, 5, 0, 25], 0x21, 0x21),
                ProxyHeader(client: IPAddress("::1"), clientPort: 5)
            ),
            // LOCAL, UNSPEC and a Unix socket behind the peer: the socket's own address stays.
            (block(v4, 0x20, 0x11), ProxyHeader()), (block([], 0x20, 0), ProxyHeader()), (block([1, 2], 0x21, 0), ProxyHeader()),
            (block([UInt8](repeating: 1, count: 216), 0x21, 0x31), ProxyHeader()),
        ]
        for (bytes, header) in rows {
            #expect(read(bytes + Array("EHLO x\r\n".utf8)) == .done(header, length: bytes.count), "\(bytes)")
            // Every beginning could go on.
            for cut in bytes.indices { #expect(read(Array(bytes[..<cut])) == .more, "\(bytes) \(cut)") }
        }
    }

    @Test func malformed() {
        let lines = [
            "EHLO x\r\n", "PROXY\r\n", "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 40000 25 1\r\n", "PROXY TCP4  192.0.2.7 198.51.100.1 40000 25\r\n",
            "PROXY TCP4 ::1 ::1 40000 25\r\n", "PROXY TCP6 192.0.2.7 198.51.100.1 40000 25\r\n", "PROXY UDP4 192.0.2.7 1.1.1.1 1 25\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 040 25\r\n",
            "PROXY TCP4 192.0.2.7 198.51.100.1 +4 25\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\n",
            "PROXY UNKNOWN\n", "proxy UNKNOWN\r\n", "PROXY " + String(repeating: "x", count: 120) + "\r\n",
        ]
        for line in lines { #expect(read(Array(line.utf8)) == .malformed, "\(line.debugDescription)") }
        let blocks: [[UInt8]] = [
            block(v4, 0x11), block(v4, 0x22), block(v4, 0x21, 0x41), block(v4, 0x21, 0x13), block(Array(v4.dropLast())),
            block(v4, 0x21, 0x21), block(v4, length: 5000), [13, 10, 13, 10, 1], Array("\r\n".utf8) + [0],
        ]
        for bytes in blocks { #expect(read(bytes) == .malformed, "\(bytes)") }
    }
}
