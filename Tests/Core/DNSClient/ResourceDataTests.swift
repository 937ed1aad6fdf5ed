import Mail
import Testing

@testable import DNSClient

@Suite struct ResourceDataTests {
    @Test func roundTrips() throws {
        let mx = ResourceData.mx(preference: 258, exchange: try WireName("mx.example"))
        #expect(mx.encoded == [1, 2, 2, 109, 120, 7] + Array("example".utf8) + [0])
        let all: [(DNSType, ResourceData)] = [
            (.a, .address(IPAddress("192.0.2.1")!)), (.aaaa, .address(IPAddress("2001:db8::1")!)), (.mx, mx), (.ptr, .name(.root)),
            (.txt, .txt([[1, 2], []])), (.tlsa, .tlsa(usage: 3, selector: 1, matching: 1, data: [9, 8])),
        ]
        for (type, data) in all { #expect(ResourceData(type, data.encoded) == data) }
    }

    @Test func longTextIsCut() {
        guard case .txt(let strings) = ResourceData.txt(String(repeating: "x", count: 600)) else { return #expect(Bool(false)) }
        #expect(strings.map(\.count) == [255, 255, 90])
        #expect(ResourceData.txt("").encoded == [0])
    }

    @Test func refusesWhatIsNone() {
        let bad: [(DNSType, [UInt8])] = [
            (.a, [1, 2, 3]), (.a, [UInt8](repeating: 0, count: 16)), (.aaaa, [1, 2, 3, 4]), (.mx, []), (.mx, [0, 1]), (.mx, [0, 1, 0, 7]),
            (.ns, [1, 97]), (.cname, [0, 0]), (.txt, []), (.txt, [5, 1]), (.tlsa, [3, 1]), (.soa, [0, 0]),
        ]
        for (type, bytes) in bad { #expect(ResourceData(type, bytes) == nil) }
    }
}
