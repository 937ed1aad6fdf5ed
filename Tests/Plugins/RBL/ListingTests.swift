import PosternKit
import Testing

@testable import RBL

@Suite struct ListingTests {
    static func zone(_ text: String) throws -> Zone {
        try #require(try RBLSettings(Settings(#"{"zones": {"zen.example": \#(text)}}"#)).zones.first)
    }

    static func found(_ addresses: String...) -> DNSAnswer { DNSAnswer(.found, records: addresses.map { Network.octets($0)! }) }

    @Test func addsDistinctCodes() throws {
        let zone = try Self.zone(#"{"127.0.0.2": 4, "127.0.0.4-127.0.0.7": 6, "127.0.1.0/24": 0.5}"#)
        #expect(Listing(Self.found("127.0.0.2"), of: zone) == .listed(codes: [0x7F00_0002], weight: 4))
        let both = Self.found("127.0.0.4", "127.0.0.2", "127.0.0.4")
        #expect(Listing(both, of: zone) == .listed(codes: [0x7F00_0002, 0x7F00_0004], weight: 10))
        #expect(Listing(Self.found("127.0.0.4", "127.0.0.5"), of: zone) == .listed(codes: [0x7F00_0004, 0x7F00_0005], weight: 12))
        #expect(Listing(Self.found("127.0.1.255", "127.0.0.10"), of: zone) == .listed(codes: [0x7F00_01FF], weight: 0.5))
        #expect(Listing(Self.found("127.0.0.10"), of: zone) == .clean)
    }

    @Test func narrowestRangeCounts() throws {
        let zone = try Self.zone(#"{"*": 1, "127.0.0.0/16": 2, "127.0.0.4": 6}"#)
        #expect(zone.weight(of: 0x7F00_0004) == 6)
        #expect(zone.weight(of: 0x7F00_0005) == 2)
        #expect(zone.weight(of: 0x7F01_0000) == 1)
    }

    @Test func errorsAreNoListing() throws {
        let zone = try Self.zone(#"{"*": 1}"#)
        for address in ["127.255.255.252", "127.255.255.254", "127.255.255.255", "203.0.113.80", "0.0.0.0", "128.0.0.1"] {
            #expect(Listing(Self.found(address), of: zone) == .unknown("answered \(address), which is no listing"))
            #expect(Listing(Self.found("127.0.0.2", address), of: zone) == .unknown("answered \(address), which is no listing"))
        }
        #expect(Listing(Self.found("127.255.254.255"), of: zone) == .listed(codes: [0x7FFF_FEFF], weight: 1))
        #expect(Listing(DNSAnswer(.found, records: [[1, 2]]), of: zone) == .unknown("malformed answer"))
        #expect(Listing(DNSAnswer(.failed, detail: "SERVFAIL"), of: zone) == .unknown("SERVFAIL"))
        #expect(Listing(DNSAnswer(.timeout), of: zone) == .unknown("timeout"))
        #expect(Listing(DNSAnswer(.nameError), of: zone) == .clean)
        #expect(Listing(DNSAnswer(.noData), of: zone) == .clean)
    }

    @Test func detailsAreCut() {
        #expect(RBLSymbols.detail(of: ["a: timeout", "b: SERVFAIL"]) == "a: timeout; b: SERVFAIL")
        let many = RBLSymbols.detail(of: (0..<100).map { "zone\($0).example: timeout" })
        #expect(many.utf8.count < 512)
        #expect(many.hasSuffix(" more"))
    }
}
