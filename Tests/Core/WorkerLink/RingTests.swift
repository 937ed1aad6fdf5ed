import Glibc
import Testing

@testable import WorkerLink

/// Records from one side to the other, and a side that lies.
struct RingTests {
    private static let bytes = RingLayout.header + 1024

    private static func append(_ record: [UInt8], _ ring: inout RingProducer) -> String {
        switch record.withUnsafeBytes({ ring.append($0) }) {
        case .written: "written"
        case .full: "full"
        case .broken: "broken"
        }
    }

    private static func next(_ ring: inout RingConsumer) -> [UInt8]? {
        if case .record(let record) = ring.next() { return record }
        return nil
    }

    @Test func inOrderAroundTheEnd() throws {
        let memory = try SharedMemory(count: Self.bytes)
        var producer = RingProducer(memory, offset: 0, bytes: Self.bytes)
        var consumer = RingConsumer(memory, offset: 0, bytes: Self.bytes)
        for round in 0..<500 {
            let record = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: round % 200)
            let claim1 = Self.append(record, &producer)
            #expect(claim1 == "written")
            let claim2 = Self.append([UInt8(round & 255)], &producer)
            #expect(claim2 == "written")
            let claim3 = Self.next(&consumer)
            #expect(claim3 == record)
            let claim4 = Self.next(&consumer)
            #expect(claim4 == [UInt8(round & 255)])
            let claim5 = Self.next(&consumer)
            #expect(claim5 == nil)
        }
    }

    @Test func fullUntilReadAndThenWoken() throws {
        let memory = try SharedMemory(count: Self.bytes)
        var producer = RingProducer(memory, offset: 0, bytes: Self.bytes)
        var consumer = RingConsumer(memory, offset: 0, bytes: Self.bytes)
        var count = 0
        while Self.append([UInt8](repeating: 1, count: 100), &producer) == "written" { count += 1 }
        #expect(count == 1024 / 104)
        _ = Self.next(&consumer)
        let (once, twice) = (consumer.takeWantsRoom(), consumer.takeWantsRoom())
        #expect(once && !twice)
        let claim6 = Self.append([UInt8](repeating: 1, count: 100), &producer)
        #expect(claim6 == "written")
    }

    @Test func nobodySleepsOverARecord() throws {
        let memory = try SharedMemory(count: Self.bytes)
        var producer = RingProducer(memory, offset: 0, bytes: Self.bytes)
        var consumer = RingConsumer(memory, offset: 0, bytes: Self.bytes)
        let isAsleep = consumer.fallAsleep()
        #expect(isAsleep)
        guard case .written(mustWake: true) = [UInt8](repeating: 1, count: 3).withUnsafeBytes({ producer.append($0) }) else {
            Issue.record("a sleeper is woken")
            return
        }
        let sleepsOver = consumer.fallAsleep()
        _ = Self.next(&consumer)
        let sleepsWhenRead = consumer.fallAsleep()
        #expect(!sleepsOver && sleepsWhenRead)
    }

    @Test func aQuietRecordWakesNobodyAndIsNotSleptOver() throws {
        let memory = try SharedMemory(count: Self.bytes)
        var producer = RingProducer(memory, offset: 0, bytes: Self.bytes)
        var consumer = RingConsumer(memory, offset: 0, bytes: Self.bytes)
        let isAsleep = consumer.fallAsleep()
        #expect(isAsleep)
        guard case .written(mustWake: false) = [1, 2, 3].withUnsafeBytes({ producer.append($0, quietly: true) }),
            case .written(mustWake: true) = [4].withUnsafeBytes({ producer.append($0) })
        else {
            Issue.record("the quiet record wakes, or the next one does not")
            return
        }
        guard case .record = consumer.next(), case .record = consumer.next() else {
            Issue.record("a record is lost")
            return
        }
        _ = consumer.fallAsleep()
        consumer.wakeUp()
        _ = [1].withUnsafeBytes { producer.append($0, quietly: true) }
        let sleepsOver = consumer.fallAsleep()
        #expect(!sleepsOver)
    }

    /// Positions, lengths and contents that cannot be: never a crash, never a read outside.
    @Test func whatALiarWrites() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let memory = try SharedMemory(count: Self.bytes)
            var producer = RingProducer(memory, offset: 0, bytes: Self.bytes)
            var consumer = RingConsumer(memory, offset: 0, bytes: Self.bytes)
            _ = Self.append([1, 2, 3], &producer)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let interesting: [UInt64] = [
                    0, 1, 7, 8, 1024, 1025, 1 << 32, .max, .max - 7, UInt64.random(in: 0...UInt64.max, using: &random),
                ]
                let offset = Int.random(in: 0..<Self.bytes / 8, using: &random) & (Bool.random() ? 31 : ~0)
                memory.base.storeBytes(of: interesting.randomElement()!, toByteOffset: offset * 8, as: UInt64.self)
            }
            for _ in 0..<8 { if case .broken = consumer.next() { break } }
            _ = Self.append([4, 5, 6], &producer)
        }
    }

    /// The kernel keeps its size, and a copy's content.
    @Test func sealed() throws {
        let memory = try SharedMemory(count: 4096)
        #expect(ftruncate(memory.descriptor, 0) == -1)
        #expect(ftruncate(memory.descriptor, 8192) == -1)
        let copy = try SharedMemory.copy([UInt8](repeating: 7, count: 5000))
        defer { close(copy) }
        var byte: UInt8 = 0
        #expect(pwrite(copy, &byte, 1, 0) == -1)
        #expect(pread(copy, &byte, 1, 4999) == 1)
        #expect(byte == 7)
    }
}
