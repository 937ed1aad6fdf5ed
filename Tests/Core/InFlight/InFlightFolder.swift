import Foundation
import Mail

@testable import InFlight

/// A data folder, and what a journal says when it is opened over it.
final class InFlightFolder {
    let path: String
    private(set) var said: [(text: String, isBad: Bool)] = []

    init() throws {
        path = NSTemporaryDirectory() + "/postern-inflight-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var journal: String { path + "/inflight.journal" }
    var strikes: String { path + "/strikes" }

    func open(after death: ProcessDeath? = nil, now: Timestamp = InFlightFolder.now) -> MappedJournal {
        said = []
        return MappedJournal(folder: path, death: death, now: now) { said.append(($0, $1)) }
    }

    static let now = Timestamp(seconds: 1_800_000_000)
    /// Of a journal that this process wrote.
    static let crash = ProcessDeath(pid: getpid(), how: "SIGILL", isCrash: true)

    static func digest(_ byte: UInt8) -> MessageDigest { MessageDigest(bytes: [UInt8](repeating: byte, count: 32))! }

    static func stretch(_ byte: UInt8 = 1, filter: String = "probe") -> CriticalStretch {
        CriticalStretch(
            digest: digest(byte), queueID: QueueID(rawValue: 4711), session: 9, client: IPAddress("192.0.2.1")!, phase: .data,
            filter: filter)
    }
}
