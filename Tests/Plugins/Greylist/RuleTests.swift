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
        // Forwarders, the first and the second, with each sign.
        ("SRS0=hhhh=TT=Origin.example=John.Doe@fwd.example", "john.doe@origin.example"),
        ("SRS0+hhhh=TT=origin.example=john@fwd.example", "john@origin.example"),
        ("srs0-hhhh=TT=origin.example=a=b@fwd.example", "a=b@origin.example"),
        ("SRS1=gggg=fwd.example==hhhh=TT=origin.example=john@second.example", "john@origin.example"),
        ("SRS1=gggg=fwd.example=-hhhh=TT=origin.example=john@second.example", "john@origin.example"),
        ("SRS0=hhhh=TT=origin.example=prvs=1234abcdef=john+tag@fwd.example", "john@origin.example"),
        ("SRS0=hhhh=TT=origin.example=@fwd.example", "srs#=hhhh=tt=origin.example=@fwd.example"), ("srs0@x.example", "srs#@x.example"),
        ("srs1=a=b@x.example", "srs#=a=b@x.example"), ("srs0=@x.example", "srs#=@x.example"),
        // Tags against forged bounces.
        ("prvs=3456a1b2c3=User@b.example", "user@b.example"), ("btv1==0123ab4567c==user@b.example", "user@b.example"),
        ("msprvs1=17655QwErTy=bounces-12-3@b.example", "bounces-#-#@b.example"), ("prvs=x@b.example", "prvs=x@b.example"),
        ("prvs==x@b.example", "prvs==x@b.example"), ("prvs=a=@b.example", "prvs=a=@b.example"),
        // Hexadecimal, and UUIDs.
        ("0100018f2a3b4c5d-3b1c4d5e-77aa-4bcd-9e8f-0123456789ab-000000@amazonses.com", "#-#-#-#-#-#-#@amazonses.com"),
        ("010f0190aabbccdd-fedcba98-cafe-4321-beef-ba9876543210-000000@amazonses.com", "#-#-#-#-#-#-#@amazonses.com"),
        ("bounce.deadbeef12.x@l.example", "bounce.#.x@l.example"), ("msg-ab12f-face@l.example", "msg-ab#f-face@l.example"),
        ("m-00ff00ff-ab-cafe@l.example", "m-#-ab-cafe@l.example"),
    ]

    @Test(arguments: foldings) func folds(_ address: String, _ expected: String) {
        #expect(String(decoding: SenderAddress.folded(address), as: UTF8.self) == expected)
    }

    @Test func aMessageOfANetworkCountsOnce() throws {
        var record = NetworkRecord()
        for i in 0..<100 {
            #expect(record.add("m\(i)") && !record.add("m\(i)"))
            #expect(NetworkRecord(record.bytes) == record && record.bytes.count <= 9 + 8 * NetworkRecord.most)
        }
        #expect(record.count == 100 && !record.add("m90"))
        // What was written before messages were told apart.
        #expect(NetworkRecord(TripletRecord.encode(UInt8(ascii: "n"), 4))?.count == 4)
        #expect(NetworkRecord(TripletRecord.encode(UInt8(ascii: "n"), -4)) == nil && NetworkRecord(TripletRecord.encode(1, 4)) == nil)
        for count in [0, 8, 10, 16, 9 + 8 * 17] { #expect(NetworkRecord([UInt8](repeating: 110, count: count)) == nil) }
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
}
