import PosternKit
import Testing

@testable import RBL

@Suite struct NetworkTests {
    static let addresses: [(String, [UInt8]?)] = [
        ("192.0.2.1", [192, 0, 2, 1]), ("256.0.0.1", nil), ("1.2.3", nil), ("01.2.3.4", nil), ("1.2.3.4.5", nil), ("", nil),
        ("1.2.3.+4", nil),
        ("::", [UInt8](repeating: 0, count: 16)), ("::1", [UInt8](repeating: 0, count: 15) + [1]),
        ("1::", [0, 1] + [UInt8](repeating: 0, count: 14)),
        ("2001:db8::ff", [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [0xFF]),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        ("::ffff:192.0.2.1", [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]),
        ("1:2:3:4:5:6:7", nil), ("1:2:3:4:5:6:7:8:9", nil), ("1::2::3", nil), (":1", nil), ("1:", nil), (":", nil), (":::", nil),
        ("1::2:", nil),
        ("12345::", nil), ("g::", nil), ("+1::", nil), ("1.2.3.4::", nil),
    ]

    @Test(arguments: addresses) func reads(_ text: String, _ octets: [UInt8]?) { #expect(Network.octets(text) == octets) }

    static let members: [(String, String, Bool)] = [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("192.0.2.77/24", "192.0.2.1", true),
        ("192.0.2.128/25", "192.0.2.127", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("fc00::/7", "fdff::1", true), ("fc00::/7", "fe00::", false), ("fe80::/10", "febf::1", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
    ]

    @Test(arguments: members) func contains(_ network: String, _ address: String, _ isIn: Bool) throws {
        #expect(try #require(Network(network)).contains(try #require(Network.octets(address))) == isIn)
    }

    @Test func refusesBadPrefixes() {
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "::/129", "/8", "10.0.0.0/8/8"] {
            #expect(Network(text) == nil)
        }
        #expect(Network.unlisted.count == 11)
    }
}
