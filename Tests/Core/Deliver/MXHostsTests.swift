import Mail
import Testing

@testable import Deliver

/// What an answer to a question for MX means; no network.
@Suite struct MXHostsTests {
    /// `10 mx.example`, with `\` before what is no letter; `10 .` is the root.
    static func record(_ text: String) -> [UInt8] {
        let parts = text.split(separator: " ")
        let preference = Int(parts[0])!
        let labels = parts[1] == "." ? [] : parts[1].split(separator: ".")
        var wire = [UInt8(preference >> 8), UInt8(preference & 255)]
        for label in labels {
            wire.append(UInt8(label.utf8.count))
            wire += label.utf8
        }
        return wire + [0]
    }

    static func read(_ records: [String], us: String? = "us.example", seed: UInt64 = 1) -> MXHosts.Result {
        var random = Seeded(state: seed)
        return MXHosts.read(
            DNSAnswer(status: records.isEmpty ? .noData : .found, records: records.map(record)), of: "d.example", us: us, using: &random)
    }

    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    static func words(_ result: MXHosts.Result) -> [String] {
        switch result {
        case .hosts(let hosts): hosts.map { "\($0.preference) \($0.name)" }
        case .none(.bounced(let failure)): ["bounced \(failure.detail)"]
        case .none(.deferred(let failure)): ["deferred \(failure.detail)"]
        case .none(.delivered): ["delivered"]
        }
    }

    static let rows: [([String], [String])] = [
        (["20 b.example", "10 A.Example"], ["10 a.example", "20 b.example"]),
        ([], ["0 d.example"]),
        (["0 ."], ["bounced 5.1.10 the domain d.example takes no mail (null MX)"]),
        // A null MX beside others is none.
        (["0 .", "10 a.example"], ["10 a.example"]),
        (["0 .", "5 ."], ["bounced 5.4.4 no MX of d.example is a host name"]),
        // Names that are no host's.
        (["10 192.0.2.1", "10 localhost", "10 a.localhost", "10 a@b.example", "30 mail_1.example"], ["30 mail_1.example"]),
        (["10 192.0.2.1"], ["bounced 5.4.4 no MX of d.example is a host name"]),
        // We, and what stands behind us.
        (["10 a.example", "20 US.example", "20 b.example", "30 c.example"], ["10 a.example"]),
        (["10 us.example", "20 b.example"], ["bounced 5.4.6 mail for d.example would come back to us: we are its MX"]),
        // The same host twice is tried once.
        (["20 a.example", "10 a.example"], ["10 a.example"]),
    ]

    @Test(arguments: rows) func answers(_ row: ([String], [String])) { #expect(Self.words(Self.read(row.0)) == row.1) }

    @Test func ofOurOwnDomainsWeMayBeTheMX() {
        #expect(Self.words(Self.read(["10 us.example", "20 b.example"], us: nil)) == ["10 us.example", "20 b.example"])
    }

    @Test func equalOnesAreBalancedAndOthersAreNot() {
        var first: [String: Int] = [:]
        for seed in 0..<300 {
            let words = Self.words(Self.read(["10 a.example", "10 b.example", "10 c.example", "20 d.example"], seed: UInt64(seed) &* 977))
            #expect(words.last == "20 d.example")
            first[words[0], default: 0] += 1
        }
        #expect(first.count == 3)
        #expect(first.values.allSatisfy { $0 > 50 }, "\(first)")
    }

    @Test func manyAreBounded() {
        #expect(Self.words(Self.read((0..<500).map { "\($0) h\($0).example" })).count == MXHosts.most)
    }

    @Test(arguments: [
        (DNSAnswer.Status.nameError, "bounced 5.1.2 the domain d.example does not exist"),
        (.failed, "deferred 4.4.3 no MX of d.example: why"),
        (.timeout, "deferred 4.4.3 no MX of d.example: why"), (.cancelled, "deferred 4.4.3 no MX of d.example: why"),
    ]) func withoutAnAnswer(_ status: DNSAnswer.Status, _ wanted: String) {
        var random = Seeded(state: 1)
        let answer = DNSAnswer(status: status, detail: "why")
        #expect(Self.words(MXHosts.read(answer, of: "d.example", us: nil, using: &random)) == [wanted])
    }

    /// Bytes that are no record.
    @Test(
        arguments: [
            [], [0], [0, 10], [0, 10, 1], [0, 10, 3, 97, 98], [0, 10, 1, 97], [0, 10, 1, 97, 0, 0], [0, 10, 0xC0, 12], [0, 10, 64, 97, 0],
            [0, 10, 1, 0, 0], [0, 10, 2, 0xC3, 0xA9, 0],
        ] as [[UInt8]]) func malformed(_ record: [UInt8])
    { #expect(MXHosts.host(record) == nil) }

    @Test(arguments: [
        ("[192.0.2.1]", ["0 192.0.2.1"]), ("[IPv6:2001:DB8::1]", ["0 2001:db8::1"]),
        ("[192.0.2]", ["bounced 5.1.2 [192.0.2] is no address literal that we know"]),
        ("[2001:db8::1]", ["bounced 5.1.2 [2001:db8::1] is no address literal that we know"]),
        ("[IPv6:192.0.2.1]", ["bounced 5.1.2 [IPv6:192.0.2.1] is no address literal that we know"]),
        ("[x400:abc]", ["bounced 5.1.2 [x400:abc] is no address literal that we know"]),
        ("[192.0.2.1", ["bounced 5.1.2 [192.0.2.1 is no address literal"]),
    ]) func literals(_ domain: String, _ wanted: [String]) async {
        let result = await withCheckedContinuation { done in
            MXHosts.find(domain, us: "us.example", isOurs: false, resolver: TableResolver([:])) { done.resume(returning: $0) }
        }
        #expect(Self.words(result) == wanted)
    }
}
