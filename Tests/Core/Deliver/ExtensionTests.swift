import Foundation
import GatewayTestKit
import Mail
import NIOCore
import NIOSSL
import Testing

@testable import Deliver

/// CHUNKING, LMTP, Unix sockets, 8BITMIME, SMTPUTF8, SIZE and client certificates, over real sockets.
@Suite struct ExtensionTests {
    // MARK: CHUNKING

    @Test func bytesArriveAsTheyAreInChunks() async throws {
        let hop = try await ScriptedNextHop(extensions: ["CHUNKING"])
        let delivery = Delivery()
        let long = String(repeating: ".long\r\n", count: 20_000)
        for body in [".", "Subject: x\r\n\r\n.\r\n..\r\n", "no end", "ends in CR\r", ""].map({ long + $0 }) {
            let report = await delivery.send(body, headers: "X-Added: 1\r\n", via: hop.hop())
            #expect(report.words == ["delivered 250"])
            let bytes = Array("X-Added: 1\r\n".utf8) + Array(body.utf8)
            let expected = bytes + (body.isEmpty || body.utf8.suffix(2).elementsEqual([13, 10]) ? [] : [13, 10])
            #expect(hop.messages.last?.bytes == expected, "\(body.suffix(20).debugDescription)")
            #expect(hop.messages.last?.commands.last == "BDAT \(expected.count) LAST")
        }
        #expect(hop.sessions == 1)
        #expect(!hop.commands.contains("DATA"))
        await hop.close()
    }

    /// BDAT has no sign of whose reply is whose, DATA has.
    @Test func aSmallMessageGoesAfterDATA() async throws {
        let hop = try await ScriptedNextHop(extensions: ["CHUNKING"])
        _ = await Delivery().send("x\r\n", via: hop.hop())
        #expect(
            hop.reads == ["EHLO us.example\r\n", "MAIL FROM:<s@s.example> SIZE=3\r\nRCPT TO:<r@d.example>\r\nDATA\r\n", "x\r\n.\r\n"])
        await hop.close()
    }

    @Test func aLargeMessageGoesInChunksAndStopsWhenOneIsRefused() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "."), count: (8 << 20) + 5)
        for refuses in [false, true] {
            let hop = try await ScriptedNextHop(extensions: ["CHUNKING"]) { _, moment in
                refuses && moment.verb == "BDAT" ? .reply("552 5.3.4 too much") : nil
            }
            let delivery = Delivery()
            let report = await delivery.send(Region(copying: body), via: [hop.hop()])
            #expect(report.words == [refuses ? "bounced 552" : "delivered 250"])
            let chunks = ["BDAT \(8 << 20)", "BDAT 7 LAST"]
            #expect(hop.commands.filter { $0.hasPrefix("BDAT") } == (refuses ? Array(chunks.prefix(1)) : chunks))
            #expect(hop.messages.first.map { $0.bytes == body + [13, 10] } == (refuses ? nil : true))
            // The connection is still good for the next.
            _ = await delivery.send("x\r\n", via: hop.hop())
            #expect(hop.sessions == 1)
            await hop.close()
        }
    }

    @Test func whoAnnouncesChunkingAndDoesNotKnowItGetsDATA() async throws {
        // No BDAT in its script: the bytes behind it are read as commands.
        let hop = try await ScriptedNextHop { _, moment in
            moment.verb == "EHLO" ? .reply("250-hop\r\n250-PIPELINING\r\n250 CHUNKING") : nil
        }
        let delivery = Delivery()
        let body = "Subject: x\r\n\r\n" + String(repeating: "hello\r\n", count: 20_000)
        for _ in 0..<2 { #expect(await delivery.send(body, via: hop.hop()).words == ["delivered 250"]) }
        #expect(hop.messages.map { $0.bytes == Array(body.utf8) } == [true, true])
        #expect(hop.sessions == 2)
        #expect(hop.commands.filter { $0.hasPrefix("BDAT") }.count == 1)
        await hop.close()
    }

    // MARK: LMTP

    private static func lmtp(_ hop: NextHop) -> NextHop {
        var hop = hop
        hop.isLMTP = true
        return hop
    }

    @Test func lmtpHasAnOutcomeForEachRecipient() async throws {
        let hop = try await ScriptedNextHop { _, moment in
            switch moment {
            case .command("RCPT TO:<b@d.example>"): .reply("550 5.1.1 no such user")
            case .endOfData: .reply("250 2.1.5 a has it\r\n452 4.2.2 c is full")
            default: nil
            }
        }
        let delivery = Delivery()
        let report = await delivery.send(to: ["a@d.example", "b@d.example", "c@d.example"], via: Self.lmtp(hop.hop()))
        #expect(report.words == ["delivered 250", "bounced 550", "deferred 452"])
        #expect(report.details[2] == "452 4.2.2 c is full (in reply to end of data)")
        #expect(hop.commands.first == "LHLO us.example")
        await hop.close()
    }

    @Test func lmtpOverAUnixSocket() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("lmtp-\(UUID().uuidString.prefix(8))").path
        defer { unlink(path) }
        let hop = try await ScriptedNextHop(socket: path)
        let delivery = Delivery()
        for _ in 0..<2 {
            let report = await delivery.send(
                to: ["a@d.example", "b@d.example"], via: Self.lmtp(NextHop(host: path, port: 0, tls: .never)))
            #expect(report.words == ["delivered 250", "delivered 250"])
            #expect(report.nextHop == path)
        }
        #expect(hop.sessions == 1)
        await hop.close()
        let nobody = await Delivery().send(via: Self.lmtp(NextHop(host: path + "-none", port: 0, tls: .never)))
        #expect(nobody.details == ["connect to \(path)-none: no such socket"])
    }

    // MARK: What a server lacks

    private static let bare: @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step? = { _, moment in
        moment.verb == "EHLO" ? .reply("250-hop\r\n250 SIZE 100") : nil
    }

    @Test func eightBitBytesNeed8BITMIME() async throws {
        let bare = try await ScriptedNextHop(script: Self.bare)
        let able = try await ScriptedNextHop()
        let body = "Subject: x\r\n\r\ngr\u{fc}n\r\n"
        let delivery = Delivery()
        let report = await delivery.send(body, via: bare.hop())
        #expect(report.words == ["bounced -"])
        #expect(report.details[0].hasPrefix("5.6.3 "))
        #expect(await delivery.send("all ASCII\r\n", via: bare.hop()).words == ["delivered 250"])
        // Another is able: it gets the message. And where that one cannot be asked, we come again.
        #expect(await delivery.send(body, via: bare.hop(preference: 1), able.hop(preference: 2)).words == ["delivered 250"])
        let gone = NextHop(host: "127.0.0.1", port: 9, preference: 2, tls: .never)
        #expect(await delivery.send(body, via: bare.hop(preference: 1), gone).words == ["deferred - fault"])
        #expect(await delivery.send(body, via: gone, bare.hop(preference: 3)).words == ["deferred - fault"])
        #expect(await Delivery { $0.sendsEightBit = true }.send(body, via: bare.hop()).words == ["delivered 250"])
        #expect(bare.messages.last?.bytes == Array(body.utf8))
        await bare.close()
        await able.close()
    }

    @Test func sizeAndSMTPUTF8BounceWhenNobodyIsAble() async throws {
        let bare = try await ScriptedNextHop(script: Self.bare)
        let able = try await ScriptedNextHop()
        let large = Region(copying: [UInt8](repeating: 97, count: 200))
        let delivery = Delivery()
        let tooLarge = await delivery.send(large, via: [bare.hop()])
        #expect(tooLarge.words == ["bounced -"])
        #expect(tooLarge.details == ["5.3.4 message of 202 bytes; the server takes 100"])
        #expect(await delivery.send(large, via: [bare.hop(preference: 1), able.hop(preference: 2)]).words == ["delivered 250"])
        let utf8 = Region(copying: Array("Subject: gr\u{fc}n\r\n\r\n".utf8))
        let report = await delivery.send(
            utf8, to: ["r@d.example"], isSMTPUTF8: true, route: .nextHops([bare.hop(preference: 1), able.hop(preference: 2)]))
        #expect(report.words == ["bounced -"])
        #expect(report.details[0].hasPrefix("5.6.7 "))
        await bare.close()
        await able.close()
    }

    @Test func eightBitBytesAreFoundAnywhere() {
        for length in [1, 15, 16, 17, 64, 100] {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x7F, count: length)
                #expect(!bytes.withUnsafeBytes { MessageNeeds.hasEightBit($0) })
                bytes[place] = 0x80
                #expect(bytes.withUnsafeBytes { MessageNeeds.hasEightBit($0) })
            }
        }
        #expect(![UInt8]().withUnsafeBytes { MessageNeeds.hasEightBit($0) })
    }

    // MARK: Client certificates

    @Test func aClientCertificateIsShownAndReadAgain() async throws {
        let server = try TestCertificate(names: ["DNS:localhost"])
        let (first, second) = try (TestCertificate(names: ["DNS:first.example"]), TestCertificate(names: ["DNS:second.example"]))
        defer { for certificate in [server, first, second] { certificate.remove() } }
        let hop = try await ScriptedNextHop(
            tls: try server.serverContext {
                $0.certificateVerification = .noHostnameVerification
                $0.trustRoots = .file(second.certificateFile)
                // So that the refusal is part of the handshake.
                $0.maximumTLSVersion = .tlsv12
            })
        var wanted = hop.hop(tls: .require)
        let delivery = Delivery { $0.idleTimeout = .zero }
        #expect(await delivery.send(via: wanted).words == ["deferred - fault"])
        wanted.clientCertificate = NextHop.ClientCertificate(certificate: first.certificateFile, key: first.keyFile)
        #expect(await delivery.send(via: wanted).words == ["deferred - fault"])
        // Half of the new pair: the old is still shown. Then the whole.
        try first.replace(from: second, key: false)
        #expect(await delivery.send(via: wanted).words == ["deferred - fault"])
        try first.replace(from: second, certificate: false)
        let report = await delivery.send(via: wanted)
        #expect(report.words == ["delivered 250"], "\(report.details)")
        await hop.close()
    }

    /// What settings ask before any handshake does.
    @Test func aClientCertificateIsCheckedWithItsKey() throws {
        let (first, second) = try (TestCertificate(names: ["DNS:first.example"]), TestCertificate(names: ["DNS:second.example"]))
        defer { for certificate in [first, second] { certificate.remove() } }
        func problem(_ certificate: String, _ key: String) -> String? {
            ClientCertificateCheck.problem(NextHop.ClientCertificate(certificate: certificate, key: key))
        }
        #expect(problem(first.certificateFile, first.keyFile) == nil)
        #expect(
            problem(first.certificateFile, second.keyFile)
                == "certificate `\(first.certificateFile)` and key `\(second.keyFile)` do not fit together")
        #expect(problem(first.keyFile, first.keyFile) == "`\(first.keyFile)` is no PEM file of certificates, or not a whole one")
        #expect(
            problem(first.certificateFile, first.certificateFile) == "`\(first.certificateFile)` is no PEM private key without passphrase")
    }

    @Test func aClientCertificateThatCannotBeReadIsOurFaultAndNoReasonForClearText() async throws {
        let server = try TestCertificate(names: ["DNS:localhost"])
        defer { server.remove() }
        let hop = try await ScriptedNextHop(tls: try server.serverContext())
        var wanted = hop.hop(tls: .opportunistic)
        wanted.clientCertificate = NextHop.ClientCertificate(certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem")
        let report = await Delivery().send(via: wanted)
        #expect(report.words == ["deferred - fault"])
        #expect(report.details[0].hasPrefix("client certificate /nowhere/cert.pem: "), "\(report.details)")
        #expect(hop.messages.isEmpty)
        await hop.close()
    }
}
