import Dispatch
import Logging
import Mail
import Receive
import Settings
import Synchronization

/// The certificates of all listeners: each read once, looked at again when told and every minute, since a link that is turned to another
/// folder is no event of the folder that it lies in.
final class Certificates: Sendable {
    private let inUse = Mutex<[ServerTLSPolicy: ServerTLS]>([:])
    private let queue = DispatchQueue(label: "postern.certificates")
    private let isWatching = Atomic(false)

    static let interval = 60
    /// Looks until the times are looked at again: a day.
    private static let looksADay = 24 * 60

    /// What listeners with these settings share. Throws `ReceiveFailure` with the name of the file.
    func tls(_ policy: ServerTLSPolicy) throws -> ServerTLS {
        try inUse.withLock { inUse in
            if let tls = inUse[policy] { return tls }
            let tls = try ServerTLS(policy)
            inUse[policy] = tls
            return tls
        }
    }

    /// Tries what these settings ask for and nobody uses yet, so that a restart will find it good. Throws `ReceiveFailure`.
    func check(_ settings: GatewaySettings) throws {
        let known = inUse.withLock { Set($0.keys) }
        for policy in Set(settings.listeners.compactMap(\.tls)).subtracting(known) { _ = try ServerTLS(policy) }
    }

    /// Looks at all files, and takes what is new and good. Reads files: not on an event loop.
    func reload(_ logger: Logger) {
        for tls in all {
            let found = tls.reload()
            for file in found.renewed { logger.notice("took a renewed certificate", metadata: ["certificate": "\(file)"]) }
            for problem in found.refused { logger.error("\(problem)") }
        }
    }

    /// What is wrong with files that were not taken, and with the times of those in force.
    func warnings(at now: Timestamp, places: [ServerTLSPolicy.Files: SettingsPlace]) -> [SettingsProblem] {
        all.flatMap { tls in
            let times = tls.certificates.compactMap { facts in facts.warning(at: now).map { (facts.files, $0) } }
            return (tls.problems + times).map { files, text in
                SettingsProblem(.warning, at: places[files] ?? SettingsPlace(file: files.certificate), text, mend: "")
            }
        }
    }

    /// Every minute, on a thread of its own, until `stop`.
    func watch(_ logger: Logger, clock: any WallClock) {
        guard !isWatching.exchange(true, ordering: .relaxed) else { return }
        look(1, logger, clock)
    }

    func stop() { isWatching.store(false, ordering: .relaxed) }

    private func look(_ number: Int, _ logger: Logger, _ clock: any WallClock) {
        queue.asyncAfter(deadline: .now() + .seconds(Self.interval)) { [weak self] in
            guard let self, isWatching.load(ordering: .relaxed) else { return }
            reload(logger)
            if number % Self.looksADay == 0 { for warning in warnings(at: clock.now, places: [:]) { logger.warning("\(warning.what)") } }
            look(number + 1, logger, clock)
        }
    }

    private var all: [ServerTLS] { inUse.withLock { Array($0.values) } }

    /// Each certificate of a configuration by itself, for `postern check`.
    static func problems(_ settings: GatewaySettings, at now: Timestamp) -> [SettingsProblem] {
        settings.certificatePlaces.flatMap { files, place in
            do {
                let tls = try ServerTLS(ServerTLSPolicy(certificates: [files]))
                return tls.certificates.compactMap { $0.warning(at: now) }.map { SettingsProblem(.warning, at: place, $0, mend: "") }
            } catch { return [SettingsProblem(at: place, "\(error)", mend: "")] }
        }
    }
}
