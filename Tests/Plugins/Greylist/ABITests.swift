import CPostern
import Testing

/// The built library through its one export.
@Suite(.enabled(if: GreylistHost.isBuilt, "libgreylist.so is not beside the tests"), .serialized)
struct ABITests {
    static let second: Int64 = 1_000_000
    static let waits = ["GREYLIST_WAITS"], passed = ["GREYLIST_PASSED"]

    @Test func waitsComesBackAndIsKnown() throws {
        let host = try GreylistHost()
        let first = host.rcpt()
        #expect(first.deferral == "450 4.7.1 Greylisted, try again in 300 seconds" && first.symbols == Self.waits)
        host.now += 100 * Self.second
        #expect(host.rcpt().deferral == "450 4.7.1 Greylisted, try again in 200 seconds")
        host.now += 200 * Self.second
        let back = host.rcpt([192, 0, 2, 250], from: "A@Sender.example", to: "B@example.com")
        #expect(back.deferral == nil && back.symbols == Self.passed && back.details == ["came back after 300 s"])
        #expect(host.rcpt().details == ["came back before"])
        // Another recipient, sender or network is another triplet.
        #expect(host.rcpt(to: "c@example.com").symbols == Self.waits)
        #expect(host.rcpt(from: "b@sender.example").symbols == Self.waits)
        #expect(host.rcpt(from: nil).symbols == Self.waits)
        #expect(host.rcpt([192, 0, 3, 1]).symbols == Self.waits)
    }

    @Test func eachMailRenewsAndSilenceForgets() throws {
        let host = try GreylistHost(settings: #"{"allowed": "36d", "window": "1h"}"#)
        _ = host.rcpt()
        host.now += 300 * Self.second
        #expect(host.rcpt().symbols == Self.passed)
        let puts = host.puts
        #expect(host.rcpt().symbols == Self.passed)
        #expect(host.puts == puts, "not for each mail")
        for _ in 0..<3 {
            host.now += 35 * 86_400 * Self.second
            #expect(host.rcpt().symbols == Self.passed)
        }
        host.now += 37 * 86_400 * Self.second
        #expect(host.rcpt().symbols == Self.waits)
        // Too late is new again.
        host.now += 3601 * Self.second
        #expect(host.rcpt().symbols == Self.waits)
    }

    @Test func aNetworkThatComesBackIsLetIn() throws {
        let host = try GreylistHost(settings: #"{"networks": 3}"#)
        let client: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 1] + [UInt8](repeating: 7, count: 8)
        for i in 0..<3 { #expect(host.rcpt(client, to: "r\(i)@example.com").symbols == Self.waits) }
        host.now += 300 * Self.second
        for i in 0..<3 { #expect(host.rcpt(client, to: "r\(i)@example.com").symbols == Self.passed) }
        let neighbour = Array(client[..<8]) + [UInt8](repeating: 9, count: 8)
        #expect(host.rcpt(neighbour, to: "new@example.com").details == ["3 messages from 2001:db8:0:1:0:0:0:0/64 have come back"])
        #expect(host.rcpt(Array(client[..<7]) + [2] + client[8...], to: "new@example.com").symbols == Self.waits)
        let without = try GreylistHost(settings: #"{"networks": 0, "delay": 1}"#)
        for i in 0..<9 { _ = without.rcpt(to: "r\(i)@example.com") }
        without.now += Self.second
        for i in 0..<9 { _ = without.rcpt(to: "r\(i)@example.com") }
        #expect(without.rcpt(to: "new@example.com").symbols == Self.waits)
    }

    @Test func aMessageCountsOnceForItsNetwork() throws {
        let host = try GreylistHost(settings: #"{"networks": 2}"#)
        for i in 0..<5 { #expect(host.rcpt(to: "r\(i)@example.com").symbols == Self.waits) }
        host.now += 300 * Self.second
        for i in 0..<5 { #expect(host.rcpt(to: "r\(i)@example.com", message: "one").symbols == Self.passed) }
        #expect(host.rcpt(to: "new@example.com").symbols == Self.waits)
        host.now += 300 * Self.second
        #expect(host.rcpt(to: "new@example.com").symbols == Self.passed)
        #expect(host.rcpt(to: "newer@example.com").details == ["2 messages from 192.0.2.0/24 have come back"])
    }

    /// One network cannot fill the memory: what is over its share waits, and is not remembered.
    @Test func aNetworkHasItsShare() throws {
        let host = try GreylistHost(settings: #"{"networks": 0, "window": "1h"}"#)
        for i in 0..<2000 { #expect(host.rcpt(from: "a@s\(i).example").symbols == Self.waits) }
        let puts = host.puts, entries = host.entries.count
        let over = host.rcpt(from: "over@sender.example")
        #expect(over.deferral == "450 4.7.1 Greylisted, try again in 300 seconds" && over.symbols == Self.waits)
        #expect(over.details[0].contains("not remembered") && host.puts == puts && host.entries.count == entries)
        // Another network is not concerned, and who waits is let in.
        host.now += 300 * Self.second
        #expect(host.rcpt([192, 0, 3, 1]).symbols == Self.waits)
        #expect(host.rcpt(from: "a@s7.example").symbols == Self.passed)
        // That was one: there is room for one.
        #expect(host.rcpt(from: "over@sender.example").details[0].contains("is new"))
        #expect(host.rcpt(from: "another@sender.example").details[0].contains("not remembered"))
        host.now += 3600 * Self.second
        #expect(host.rcpt(from: "another@sender.example").details[0].contains("is new"))
    }

    @Test func whatChangesFromMessageToMessageIsOneSender() throws {
        let host = try GreylistHost(settings: #"{"correspondents": "1d"}"#)
        _ = host.rcpt(from: "prvs=0123abcdef=user@sender.example")
        host.now += 300 * Self.second
        #expect(host.rcpt(from: "SRS0=aBcD=XY=sender.example=user@forwarder.example").details == ["came back after 300 s"])
        #expect(host.delivered(from: "b@example.com", to: "friend@other.example") == GreylistHost.Verdict())
        #expect(host.rcpt(from: "prvs=9987fedcba=friend@other.example").symbols == Self.passed)
    }

    @Test func whoNeverWaits() throws {
        let host = try GreylistHost(settings: #"{"allow": ["198.51.100.0/24", "partner.example", "*.big.example"]}"#)
        #expect(host.rcpt(flags: POSTERN_SESSION_OUTBOUND).symbols.isEmpty)
        #expect(host.rcpt(flags: POSTERN_SESSION_LOGIN).symbols.isEmpty)
        #expect(host.rcpt([198, 51, 100, 9]).symbols.isEmpty)
        #expect(host.rcpt([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 198, 51, 100, 9]).symbols.isEmpty)
        #expect(host.rcpt(from: "x@partner.example").symbols.isEmpty)
        #expect(host.rcpt(from: "x@mail.big.example").symbols.isEmpty)
        #expect(host.rcpt(from: "x@mail.partner.example").symbols == Self.waits)
        #expect(host.rcpt(from: "x@big.example").symbols == Self.waits)
        // Whom the recipient has written to.
        #expect(host.delivered(from: "b@example.com", to: "Friend@other.example") == GreylistHost.Verdict())
        #expect(host.rcpt(from: "friend@other.example").symbols == Self.passed)
        #expect(host.rcpt(from: "friend@other.example", to: "c@example.com").symbols == Self.waits)
    }

    @Test func onlyFromAScore() throws {
        let host = try GreylistHost(settings: #"{"from_score": 2}"#)
        #expect(host.rcpt().symbols.isEmpty)
        host.earlierScore = 1.5
        #expect(host.rcpt().symbols.isEmpty && host.entries.isEmpty)
        host.earlierScore = 2
        #expect(host.rcpt().symbols == Self.waits)
    }

    @Test(arguments: [POSTERN_STATE_FAILED, POSTERN_STATE_QUOTA]) func withoutMemoryNobodyWaits(_ status: Int32) throws {
        let host = try GreylistHost()
        host.stateStatus = status
        let unread = host.rcpt()
        #expect(unread.symbols == ["GREYLIST_ERROR"] && unread.deferral == nil && unread.failure == nil)
        #expect(unread.details[0].contains("disk on fire"))
        host.stateStatus = nil
        host.beforePut = { host.stateStatus = status }
        let unwritten = host.rcpt()
        #expect(unwritten.symbols == ["GREYLIST_ERROR"] && unwritten.deferral == nil)
    }

    /// Two sessions see the same; one of them writes in vain, and judges by what the other wrote.
    @Test func anotherSessionIsFaster() throws {
        let host = try GreylistHost()
        #expect(host.rcpt().symbols == Self.waits)
        // The key is known now: the next one loses against it.
        let key = try #require(host.entries.keys.first)
        host.entries = [:]
        host.beforePut = { host.write("w", host.now - 100 * Self.second, at: key) }
        #expect(host.rcpt().deferral == "450 4.7.1 Greylisted, try again in 200 seconds")
        host.now += 200 * Self.second
        host.beforePut = { host.write("b", host.now, at: key) }
        let networks = host.entries.count
        #expect(host.rcpt().details == ["came back before"])
        #expect(host.entries.count == networks, "counted once for its network, by the one who wrote it")
    }

    @Test(arguments: [
        (#"{"delay": "0s"}"#, "/delay"), (#"{"delay": "2d"}"#, "/delay"), (#"{"delay": "soon"}"#, "/delay"),
        (#"{"window": "1m"}"#, "/window: the window must be longer"), (#"{"window": "32d"}"#, "/window"),
        (#"{"allowed": "401d"}"#, "/allowed"), (#"{"networks": -1}"#, "/networks"), (#"{"allow": ["10.0.0.0/40"]}"#, "/allow/0"),
        (#"{"allow": ["x", "y"]}"#, "/allow/0"), (#"{"allow": ["*."]}"#, "/allow/0"), (#"{"correspondents": 1}"#, "/correspondents"),
    ]) func badSettingsAreNamed(_ text: String, _ words: String) {
        do {
            _ = try GreylistHost(settings: text)
            Issue.record("taken: \(text)")
        } catch { #expect("\(error)".contains(words), "\(error)") }
    }
}
