import Mail
import Testing

@testable import WorkerLink

/// What a message consists of is written once for all workers, and read as it was.
struct ContentRecordTests {
    private let region = Region(copying: Array("Subject: x\r\n\r\nhello".utf8))

    private func content(parts count: Int, built: ContentNeeds = [.parts, .text, .urls]) -> MessageContent {
        let parts = (0..<count).map { index in
            ContentPart(
                path: "\(index)", parent: index == 0 ? nil : 0, kind: index == 0 ? .multipart : .leaf, declaredType: "text/plain",
                header: ContentRef(region: 0, 0..<12), raw: ContentRef(region: 0, 14..<19, gaps: .malformed),
                alternativeTo: index > 1 ? 1 : nil, names: ["a\(index)", "b\u{E9}"],
                decoded: index == 0 ? nil : ContentRef(region: 0, 14..<19), sha256: MessageDigest(bytes: [UInt8](1...32)),
                gaps: [.ambiguous], flags: [.badBase64])
        }
        let text = ContentText(part: 1, source: .hidden, text: ContentRef(region: 0, 14..<19))
        let url = ContentURL(
            raw: "a", canonical: "http://a/", host: "a", part: 1, source: .name, span: ContentRef(region: 0, 14..<15), anchor: "b",
            flags: [.idn])
        return MessageContent(built: built, regions: [region], parts: parts, texts: [text], urls: [url])
    }

    /// Whatever each filter is shown of it, there is one record, of all of it.
    @Test(arguments: [3, 5000]) func isWrittenOnce(_ count: Int) throws {
        let content = content(parts: count)
        let record = ContentRecord.of(content.showing(.parts))
        for needs in [ContentNeeds.parts, .text, .urls, [.text, .urls], [.parts, .text, .urls]] {
            #expect(ContentRecord.of(content.showing(needs)) === record)
        }
        let read = try ContentRecord.read(record, regions: [region])
        #expect(read.built == content.built && read.parts == content.parts && read.texts == content.texts && read.urls == content.urls)
        // A long one goes by its descriptor, which nobody can write by.
        #expect((record.file != nil) == (count > 1000))
    }

    @Test func concurrently() async {
        let content = content(parts: 2000)
        let records = await withTaskGroup(of: ObjectIdentifier.self) { group in
            for _ in 0..<16 { group.addTask { ObjectIdentifier(ContentRecord.of(content.showing(.parts))) } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(records == [ObjectIdentifier(ContentRecord.of(content))])
    }

    /// The record's number stands behind those of the bytes; the filter is shown what it needs.
    @Test func withItsCall() throws {
        let session = SessionFacts(
            id: 7, role: .inbound, listener: "l", client: IPAddress(v4: 1), clientPort: 1, connectedAt: Timestamp(seconds: 1))
        var call = FilterCall(phase: .data, session: session, slotName: "slot")
        call.message = ReceivedMessage(
            queueID: QueueID(rawValue: 99), session: session, envelope: Envelope(reversePath: .null), region: region,
            receivedAt: Timestamp(seconds: 5))
        call.message?.content = content(parts: 3).showing(.urls)
        let shown = try #require(call.message?.shown)
        #expect(shown.count == 2 && shown[0] === region)
        var record = CallRecord(run: 3, instance: 4, now: Timestamp(seconds: 9), call)
        record.show([8, 9])
        func read(_ known: [UInt64: Region]) throws -> FilterCall? {
            guard case .call(run: 3, instance: 4, now: _, facts: var facts) = try GatewayMessage(record: record.bytes) else { return nil }
            let read = try facts.call {
                known[$0]
            } content: { (number, regions) throws(WireFault) in
                #expect(regions.count == 1)
                guard let record = known[number] else { throw WireFault("no record") }
                return try ContentRecord.read(record, regions: regions)
            }
            try facts.end()
            return read
        }
        let content = try #require(read([8: region, 9: shown[1]])?.message?.content)
        #expect(content.built == .urls && content.parts.count == 3 && content.texts.isEmpty && content.urls.count == 1)
        #expect(throws: WireFault.self) { try read([8: region]) }
        #expect(throws: WireFault.self) { try read([9: shown[1]]) }
    }

    /// What is read of them is what it says: written down again it reads the same.
    @Test func hostileRecords() throws {
        var random = Seeded(state: 1)
        var count = 0
        let record = ContentRecord.of(content(parts: 4))
        let good = withExtendedLifetime(record) { Array(record.bytes) }
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<4, using: &random) == 0 { bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))) }
            guard let read = try? ContentRecord.read(Region(copying: bytes), regions: [region]) else { continue }
            count += 1
            let again = try ContentRecord.read(ContentRecord.of(read), regions: [region])
            #expect(again.built == read.built && again.parts == read.parts && again.texts == read.texts && again.urls == read.urls)
        }
        #expect(count > 1000)
        #expect(throws: WireFault.self) { try ContentRecord.read(Region(copying: good + [0]), regions: [region]) }
        #expect(throws: WireFault.self) { try ContentRecord.read(Region(copying: []), regions: [region]) }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
