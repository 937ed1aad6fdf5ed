import Mail
import Testing

@testable import Store

/// Counters: never too little within the window, never more than a 32nd of it too long.
struct SlidingWindowTests {
    let folder = StateFolder()

    @Test func `an amount counts for the window, and a 32nd more at most`() {
        // Against what it stands for: every addition with its time, over several windows, with gaps.
        let window: Int64 = 3_200_000
        var counter = SlidingWindow(window: window)
        var added: [(at: Int64, amount: UInt64)] = []
        var now: Int64 = 1_800_000_000_000_000
        var seed: UInt64 = 12345
        for step in 0..<2000 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            now += Int64(seed >> 33) % (step % 100 == 0 ? 4_000_000 : 60_000)
            let amount = UInt64(seed >> 60)
            counter.advance(to: now)
            counter.add(amount, at: now)
            added.append((now, amount))
            let exact = added.reduce(0) { $1.at > now - window ? $0 + $1.amount : $0 }
            let late = added.reduce(0) { $1.at >= now - window - window / 32 ? $0 + $1.amount : $0 }
            #expect(counter.sum >= exact && counter.sum <= late)
            #expect(counter.expiresAt > now + window)
            let read = counter.bytes.withUnsafeBytes { SlidingWindow(window: window, $0) }
            #expect(read == counter)
            #expect(counter.bytes.count <= 33 * 16)
        }
    }

    @Test func `it stays at its largest`() {
        var counter = SlidingWindow(window: 1_000_000)
        counter.add(.max - 1, at: 0)
        counter.add(5, at: 0)
        counter.add(5, at: 500_000)
        #expect(counter.sum == .max)
    }

    @Test func `a clock that was ahead does not stop a counter for good`() {
        var counter = SlidingWindow(window: 32_000_000)
        counter.add(7, at: 1_000_000_000_000)
        counter.advance(to: 1_000_000)
        counter.add(1, at: 1_000_000)
        #expect(counter.sum == 1)
        // A little ahead counts, and in its place.
        counter.add(2, at: 5_000_000)
        counter.advance(to: 2_000_000)
        counter.add(4, at: 2_000_000)
        #expect(counter.sum == 7 && counter.sums.map(\.index) == [1, 2, 5])
    }

    @Test func `bytes that are no counter make none`() {
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 0xFF, count: 40), Array(0..<64)] as [[UInt8]] {
            let counter = bytes.withUnsafeBytes { SlidingWindow(window: 1_000_000, $0) }
            #expect(counter.sums.count <= bytes.count / 16)
        }
    }

    @Test func `counters are kept, apart from entries and by window`() async throws {
        var state = try folder.open()
        #expect(await state.count("n", 3, window: .seconds(60)) == 3)
        #expect(await state.count("n", 4, window: .seconds(60)) == 7)
        #expect(await state.count("n", 5, window: .seconds(3600)) == 5)
        #expect(await state.get("n") == nil)
        #expect(await state.scan("").keys == [])
        state.close()
        state = try folder.open()
        #expect(await state.count("n", 0, window: .seconds(60)) == 7)
        folder.clock.setClock(by: .seconds(62))
        #expect(await state.count("n", 0, window: .seconds(60)) == 0)
        #expect(await state.count("n", 0, window: .seconds(3600)) == 5)
        #expect(await state.ask("n", .reset(window: .seconds(3600))).status == .done)
        #expect(await state.count("n", 0, window: .seconds(3600)) == 0)
        state.close()
    }
}
