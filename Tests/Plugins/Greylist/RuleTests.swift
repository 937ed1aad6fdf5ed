import PosternKit
import Testing

@testable import Greylist

@Suite struct RuleTests {
    static let rule = GreylistRule(delay: 300_000_000, window: 3_600_000_000)
    static let now: Int64 = 1_800_000_000_000_000

    static let rows: [(TripletRecord?, GreylistRule.Step)] = [
        (nil, .begin), (.cameBack(at: 0), .known), (.waiting(since: now), .wait(300)), (.waiting(since: now - 299_999_999), .wait(1)),
        (.waiting(since: now - 299_000_001), .wait(1)), (.waiting(since: now - 300_000_000), .comeBack(afterSeconds: 300)),
        (.waiting(since: now - 3_600_000_000), .comeBack(afterSeconds: 3600)), (.waiting(since: now - 3_600_000_001), .begin),
        // A clock set back, and bytes that nobody wrote.
        (.waiting(since: now + 1), .begin), (.waiting(since: .max), .begin), (.waiting(since: .min), .begin),
    ]

    @Test(arguments: rows) func judges(_ record: TripletRecord?, _ step: GreylistRule.Step) {
        #expect(Self.rule(record, now: Self.now) == step)
    }

    @Test func recordsSurviveAndGarbageIsNone() {
        for record in [TripletRecord.waiting(since: Self.now), .cameBack(at: -1), .waiting(since: .max)] {
            #expect(TripletRecord(record.bytes) == record)
        }
        for bytes in [[], [119], [UInt8](repeating: 119, count: 8), [UInt8](repeating: 0, count: 9), [UInt8](repeating: 119, count: 10)] {
            #expect(TripletRecord(bytes) == nil)
        }
    }

    static let foldings: [(String, String)] = [
        ("A.B@Example.COM", "a.b@example.com"), ("bounce+user=b.example@list.example", "bounce@list.example"),
        ("list-owner-12-345x6@h1.example", "list-owner-#-#x#@h1.example"), ("+x@y.example", "+x@y.example"),
        ("a@b@c.example", "a@b@c.example"),
        ("nobody", "nobody"), ("", ""),
    ]

    @Test(arguments: foldings) func folds(_ address: String, _ expected: String) {
        #expect(String(decoding: Triplet.folded(address), as: UTF8.self) == expected)
    }

    @Test func keysAreApartAndShort() {
        func triplet(_ client: [UInt8], _ from: String?, _ to: String) -> Triplet { Triplet(client: client, sender: from, recipient: to) }
        let v4: [UInt8] = [192, 0, 2, 1]
        #expect(triplet(v4, "a@x", "b@y").key == triplet([192, 0, 2, 99], "A@X", "B@Y").key)
        #expect(triplet(v4, "a@x", "b@y").networkKey != triplet([192, 0, 3, 1], "a@x", "b@y").networkKey)
        #expect(triplet(v4, nil, "b@y").key != triplet(v4, "b@y", "").key)
        #expect(Triplet.correspondence(of: "b@y", with: "A@x") == Triplet.correspondence(of: "B@y", with: "a@x"))
        #expect(Triplet.correspondence(of: "b@y", with: "a@x") != Triplet.correspondence(of: "a@x", with: "b@y"))
        let long = String(repeating: "l", count: 400)
        let one = triplet(v4, long + "@x", long + "@y").key, other = triplet(v4, long + "@x", long + "m@y").key
        #expect(one != other && one.bytes.count <= Triplet.longestKey)
    }

    @Test func periods() {
        #expect(Period.parse("5m") == 300)
        #expect(Period.parse("36d") == 3_110_400)
        #expect(Period.parse("1.5h") == 5400)
        for text in ["", "5", "m", "-1m", "1e3s", "1..2s", "5 m", "infd"] { #expect(Period.parse(text) == nil, "\(text)") }
    }
}
