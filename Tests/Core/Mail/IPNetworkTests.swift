import Mail
import Testing

@Suite struct IPNetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.1", "192.0.2.1/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("2001:DB8::/32", "2001:db8::/32"),
        ("::1", "::1/128"), ("::/0", "::/0"), ("10.128.0.0/9", "10.128.0.0/9"), ("2001:db8:8000::/33", "2001:db8:8000::/33"),
        // An IPv4 address in its IPv6 form is an IPv4 network.
        ("::ffff:192.0.2.1", "192.0.2.1/32"), ("192.0.2.0/024", "192.0.2.0/24"),
    ]) func readsAndWrites(_ text: String, _ expected: String) throws {
        let network = try #require(IPNetwork(text))
        #expect(network.description == expected)
        #expect(IPNetwork(network.description) == network)
    }

    @Test(arguments: [
        "", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/ 8", "192.0.2.0/8/8", "2001:db8::/129",
        "192.0.2.1/24", "2001:db8::1/64", "192.0.2/24", "example.com/24", "192.0.2.0/24 ", "192.0.2.0/٨", "192.0.2.0/99999999999999999999",
        "::ffff:192.0.2.0/120",
    ]) func refuses(_ text: String) { #expect(IPNetwork(text) == nil) }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false), ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "192.0.2.1", false), ("::/0", "2001:db8::1", true),
        ("192.0.2.0/24", "::ffff:192.0.2.7", true), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("10.128.0.0/9", "10.127.255.255", false),
    ]) func contains(_ network: String, _ address: String, _ expected: Bool) throws {
        let (network, address) = (try #require(IPNetwork(network)), try #require(IPAddress(address)))
        #expect(network.contains(address) == expected)
        #expect([IPNetwork("198.51.100.0/24")!, network].contain(address) == expected)
        #expect(![IPNetwork]().contain(address))
    }

    @Test func bitsBehindThePrefixAreCleared() throws {
        let address = try #require(IPAddress("2001:db8:ffff:ffff::1"))
        #expect(IPNetwork(address, prefix: 33).description == "2001:db8:8000::/33")
        #expect(IPNetwork(IPAddress.loopback, prefix: 8).description == "127.0.0.0/8")
        #expect(IPNetwork(IPAddress.loopback, prefix: 99).prefix == 32 && IPNetwork(IPAddress.loopback, prefix: -1).prefix == 0)
    }
}
