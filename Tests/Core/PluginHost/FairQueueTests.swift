import PluginLoader
import Testing

/// Who is next: checked against the rules as they are told, over random comings and goings.
struct FairQueueTests {
    private func work(_ queue: inout FairQueue<String, Int>) -> [String] {
        var taken: [String] = []
        while let (site, work) = queue.take() { taken.append("\(site)\(work)") }
        return taken
    }

    @Test func onePlaceIsKeptForWhoeverComesNext() {
        var queue = FairQueue<String, Int>(places: 4)
        for i in 1...9 { queue.append(i, of: "a") }
        #expect(work(&queue) == ["a1", "a2", "a3"])
        queue.append(1, of: "b")
        queue.append(2, of: "b")
        queue.append(1, of: "c")
        #expect(work(&queue) == ["b1"])
        #expect(!queue.hasNext)
        // Those that have none first, and nobody more than half while others wait.
        queue.leave("a")
        #expect(work(&queue) == ["c1"])
        queue.leave("a")
        #expect(work(&queue) == [])
        queue.leave("c")
        #expect(work(&queue) == ["a4"])
        queue.leave("b")
        #expect(work(&queue) == ["b2"])
        // Alone again.
        queue.leave("b")
        #expect(work(&queue) == ["a5"])
        #expect(queue.count == 4)
    }

    @Test(arguments: [1, 0, -3]) func onePlaceGoesByTurns(_ places: Int) {
        var queue = FairQueue<String, Int>(places: places)
        for i in 1...3 { queue.append(i, of: "a") }
        for i in 1...2 { queue.append(i, of: "b") }
        var order: [String] = []
        while let (site, work) = queue.take() {
            order.append("\(site)\(work)")
            let second = queue.take()
            #expect(second == nil)
            queue.leave(site)
        }
        #expect(order == ["a1", "b1", "a2", "b2", "a3"])
    }

    /// The rules over again, with nothing but what has happened.
    private struct Model {
        let places: Int
        var waiting: [Int: [Int]] = [:]
        var taken: [Int: Int] = [:]
        /// Who was let in before a site that waits and has no place.
        var overtakers: [Int: [Int]] = [:]

        var free: Int { places - taken.values.reduce(0, +) }
        func has(_ site: Int) -> Int { taken[site] ?? 0 }
        func mayHave(_ site: Int) -> Bool { free > 0 && (has(site) == 0 || free > 1) }
        var someoneMay: Bool { waiting.keys.contains(where: mayHave) }

        mutating func append(_ work: Int, of site: Int) { waiting[site, default: []].append(work) }

        mutating func take(_ site: Int, _ work: Int) {
            #expect(waiting[site]?.first == work, "not in order")
            #expect(mayHave(site), "the last place went to a site that had one")
            let share = max(1, places / 2)
            if has(site) >= share {
                #expect(!waiting.keys.contains { $0 != site && mayHave($0) && has($0) < share }, "more than its share while others wait")
            }
            for other in waiting.keys where other != site && has(other) == 0 { overtakers[other, default: []].append(site) }
            let others = overtakers.removeValue(forKey: site) ?? []
            if has(site) == 0 { #expect(Set(others).count == others.count, "overtaken twice by one site") }
            waiting[site]!.removeFirst()
            if waiting[site]!.isEmpty { waiting[site] = nil }
            taken[site, default: 0] += 1
        }

        mutating func leave(_ site: Int) {
            taken[site]! -= 1
            // It has none now: from here on it counts who goes before it.
            overtakers[site] = nil
        }
    }

    @Test(arguments: 1...8) func theRulesHoldWhateverComes(_ places: Int) {
        var random = Seeded(seed: UInt64(places))
        for _ in 0..<60 {
            var queue = FairQueue<Int, Int>(places: places)
            var model = Model(places: places)
            var running: [Int] = []
            var number = 0
            let sites = Int.random(in: 1...12, using: &random)
            func take() {
                while let (site, work) = queue.take() {
                    model.take(site, work)
                    running.append(site)
                }
                #expect(!model.someoneMay, "a place is free, and who may have it waits")
            }
            for _ in 0..<300 {
                if Bool.random(using: &random) {
                    number += 1
                    // The first one brings as much as all others.
                    let site = Bool.random(using: &random) ? 0 : Int.random(in: 0..<sites, using: &random)
                    queue.append(number, of: site)
                    model.append(number, of: site)
                } else if !running.isEmpty {
                    let site = running.remove(at: Int.random(in: 0..<running.count, using: &random))
                    queue.leave(site)
                    model.leave(site)
                }
                take()
                #expect(queue.count == model.waiting.values.reduce(0) { $0 + $1.count })
            }
            // And it comes to an end.
            while !running.isEmpty {
                let site = running.removeFirst()
                queue.leave(site)
                model.leave(site)
                take()
            }
            #expect(queue.count == 0)
        }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
