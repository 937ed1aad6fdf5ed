import Mail
import Testing

@testable import Store

/// What a plugin may keep, and that nobody else pays for it.
struct StateQuotaTests {
    let folder = StateFolder()

    @Test func `a full space refuses, until something goes`() async throws {
        var state = try folder.open(perSpace: StateQuota(entries: 3, bytes: 1 << 20))
        for key in ["a", "b", "c"] { #expect(await state.put(key, "v").status == .done) }
        let refused = await state.put("d", "v")
        #expect(refused.status == .quota && refused.detail.contains("p keeps 3 entries") && refused.detail.contains("example.com"))
        #expect(await state.ask("n", .count(amount: 1, window: .seconds(60))).status == .quota)
        #expect(await state.get("d") == nil)
        // Others are not concerned, and what is there may change.
        #expect(await state.put("d", "v", domain: "example.net").status == .done)
        #expect(await state.put("d", "v", plugin: "q").status == .done)
        #expect(await state.put("a", "v2").status == .done)
        state.close()
        // Known after a restart too.
        state = try folder.open(perSpace: StateQuota(entries: 3, bytes: 1 << 20))
        #expect(await state.put("d", "v").status == .quota)
        #expect(await state.ask("b", .remove(.always)).status == .done)
        #expect(await state.put("d", "v").status == .done)
        #expect(await state.put("e", "v").status == .quota)
        state.close()
    }

    @Test func `what is over makes room at once`() async throws {
        let state = try folder.open(perSpace: StateQuota(entries: 2, bytes: 1 << 20))
        _ = await state.put("a", "v", kept: .seconds(5))
        _ = await state.put("b", "v", kept: .seconds(50))
        #expect(await state.put("c", "v").status == .quota)
        folder.clock.setClock(by: .seconds(5))
        #expect(await state.put("c", "v").status == .done)
        #expect(await state.scan("").keys == ["b", "c"])
        state.close()
    }

    @Test func `bytes count, old ones are given back`() async throws {
        // An entry is key, value and 64.
        let state = try folder.open(perSpace: StateQuota(entries: 100, bytes: 2 * (1 + 100 + 64)))
        let value = String(repeating: "x", count: 100)
        #expect(await state.put("a", value).status == .done)
        #expect(await state.put("b", value).status == .done)
        #expect(await state.put("b", value + "y").status == .quota)
        #expect(await state.get("b") == value)
        #expect(await state.put("a", String(value.dropLast())).status == .done)
        #expect(await state.put("b", value + "y").status == .done)
        state.close()
    }

    @Test func `all of a plugin's spaces together have a quota`() async throws {
        let state = try folder.open(perPlugin: StateQuota(entries: 2, bytes: 1 << 20))
        #expect(await state.put("a", "v", domain: "a.example").status == .done)
        #expect(await state.put("a", "v", domain: "b.example").status == .done)
        let refused = await state.put("a", "v", domain: "c.example")
        #expect(refused.status == .quota && refused.detail.contains("in all"))
        #expect(await state.put("a", "v", plugin: "q", domain: "c.example").status == .done)
        state.close()
    }

    @Test func `nothing is written to a disk that is nearly full, but it can be read and removed`() async throws {
        var state = try folder.open()
        _ = await state.put("a", "v")
        _ = await state.ask("n", .count(amount: 2, window: .seconds(60)))
        state.close()
        state = try folder.open(reserve: .max / 2)
        let refused = await state.put("b", "v")
        #expect(refused.status == .quota && refused.detail.contains("make space"))
        #expect(await state.get("a") == "v")
        #expect(await state.count("n", 0, window: .seconds(60)) == 2)
        #expect(await state.ask("a", .remove(.always)).status == .done)
        #expect(await state.get("a") == nil)
        state.close()
    }
}
