import Mail
import Testing

/// RFC 5952 forms, and what is no address.
@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
        ("1::", "1::"), ("2001:DB8::A", "2001:db8::a"), ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        // The longest run, the first of equals, never a single group.
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:201", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:192.0.2.33", "1:2:3:4:5:6:c000:221"), ("::1.2.3.4", "::102:304"),
    ]) func readsAndWrites(_ text: String, _ expected: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == expected)
        #expect(IPAddress(address.description) == address)
        #expect(IPAddress(octets: address.octets) == address)
        #expect(address.octets.count == (address.isIPv4 ? 4 : 16))
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "-1.2.3.4", "1..3.4", "1.2.3.٤",
        "0x1.2.3.4",
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:", ":1",
        "+1::", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "1:1.2.3.4::2", "::1.2.3", "::1.2.3.4:5", "fe80::1%eth0", "[::1]", "::1/128",
        "1.2.3.4:25", "::ffff:1.2.3.04",
        "0000000000000000000000000000000000000000000000000000000000::1",
    ]) func refuses(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test func octetsOfAnotherLength() {
        for count in [0, 1, 3, 5, 15, 17] { #expect(IPAddress(octets: [UInt8](repeating: 1, count: count)) == nil) }
    }

    @Test(arguments: [
        ("192.0.2.129", "192.0.2.128", 25, true), ("192.0.2.127", "192.0.2.128", 25, false), ("1.2.3.4", "9.9.9.9", 0, true),
        ("1.2.3.4", "1.2.3.4", 32, true), ("1.2.3.5", "1.2.3.4", 32, false), ("1.2.3.4", "1.2.3.4", 99, true), ("1.2.3.4", "::", 0, false),
        ("::ffff:1.2.3.4", "1.2.0.0", 16, true), ("2001:db8::1", "2001:db8::", 32, true), ("2001:db9::1", "2001:db8::", 32, false),
        ("2001:db8:0:1::", "2001:db8::", 64, false), ("2001:db8::1", "2001:db8::2", 127, false), ("2001:db8::3", "2001:db8::2", 127, true),
        ("2001:db8::1", "2001:db8::2", 64, true), ("2001:db8::1", "2001:db8::1", 128, true), ("2001:db8::", "2001:db8::1", 128, false),
        ("ff::", "::", -1, true),
    ]) func isIn(_ address: String, _ network: String, _ prefix: Int, _ expected: Bool) {
        #expect(IPAddress(address)!.isIn(IPAddress(network)!, prefix: prefix) == expected)
    }

    @Test func loopback() {
        for text in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"] { #expect(IPAddress(text)!.isLoopback) }
        for text in ["128.0.0.1", "::2", "::", "::127.0.0.1"] { #expect(!IPAddress(text)!.isLoopback) }
    }
}
