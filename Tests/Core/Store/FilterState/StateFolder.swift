import Foundation
import GatewayTestKit
import Mail
import Synchronization

@testable import Store

/// A state.db of its own for one test, with a clock that is moved by hand.
final class StateFolder: Sendable {
    let folder = StoreFolder()
    var clock: ManualLoop { folder.clock }

    func open(perSpace: StateQuota = .perSpace, perPlugin: StateQuota = .perPlugin, reserve: Int = 0) throws -> SQLiteFilterState {
        try SQLiteFilterState(folder: folder.path, clock: clock, perSpace: perSpace, perPlugin: perPlugin, reserve: reserve)
    }
}

extension SQLiteFilterState {
    func ask(
        _ key: String, _ action: StateRequest.Action, plugin: String = "p", domain: String? = "example.com"
    ) async -> StateAnswer {
        await withCheckedContinuation { done in
            perform(StateRequest(key: Array(key.utf8), action), in: StateSpace(plugin: plugin, domain: domain)) {
                done.resume(returning: $0)
            }
        }
    }

    func put(
        _ key: String, _ value: String, kept: Duration = .seconds(3600), _ condition: StateCondition = .always, plugin: String = "p",
        domain: String? = "example.com"
    ) async -> StateAnswer {
        await ask(key, .put(value: Array(value.utf8), kept: kept, condition), plugin: plugin, domain: domain)
    }

    func get(_ key: String, plugin: String = "p", domain: String? = "example.com") async -> String? {
        let answer = await ask(key, .get, plugin: plugin, domain: domain)
        return answer.status == .found ? String(decoding: answer.value, as: UTF8.self) : nil
    }

    /// The sum after adding.
    func count(_ key: String, _ amount: UInt64, window: Duration) async -> UInt64 {
        await ask(key, .count(amount: amount, window: window)).sum
    }

    func scan(_ prefix: String, after: String = "", limit: Int = 256) async -> StateAnswer {
        await ask(prefix, .scan(after: Array(after.utf8), limit: limit, keysOnly: false))
    }
}

extension StateAnswer {
    var keys: [String] { entries.map { String(decoding: $0.key, as: UTF8.self) } }
    var text: String { String(decoding: value, as: UTF8.self) }
}
