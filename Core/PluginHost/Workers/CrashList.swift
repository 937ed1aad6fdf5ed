import Crypto
import Foundation
import Mail
import Synchronization

/// Which messages ended a plugin's workers twice, or never came back from them: a file, a line each, so that a message that comes again is
/// not shown to that plugin again:
///
///     DIGEST PLUGIN LIBRARY MICROSECONDS
///
/// DIGEST and LIBRARY are SHA-256 in hex: another build of the plugin is asked again. Lines that are none are passed over. Any thread.
final class CrashList: Sendable {
    private struct Crash: Hashable {
        var message: String
        var plugin: String
        var library: String
    }

    private let path: String?
    private let crashes: Mutex<[Crash: Int64]>
    private let hangs = Mutex<Set<Crash>>([])
    /// A sender gives up sooner (RFC 5321 section 4.5.4.1).
    private static let lifetime = Duration.seconds(7 * 86400)
    private static let most = 10_000

    /// `path` nil: remembers while the process lives.
    init(path: String?) {
        self.path = path
        var read: [Crash: Int64] = [:]
        let text =
            path.flatMap { FileManager.default.contents(atPath: $0) }.map { String(decoding: $0.prefix(4 << 20), as: UTF8.self) } ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 4, let time = Int64(words[3]) else { continue }
            read[Crash(message: String(words[0]), plugin: String(words[1]), library: String(words[2]))] = time
        }
        crashes = Mutex(read)
    }

    /// Why the plugin is not asked; nil: nothing is known.
    func objection(to call: FilterCall, plugin: String, library: String) -> String? {
        let isKnown = crashes.withLock { $0.keys.contains { $0.plugin == plugin && $0.library == library } }
        guard isKnown, let message = call.message else { return nil }
        let crash = Crash(message: Self.digest(message), plugin: plugin, library: library)
        guard let time = crashes.withLock({ $0[crash] }) else { return nil }
        var day: [UInt8] = []
        CivilTime(Timestamp(microseconds: time)).appendRFC3339(to: &day)
        return
            "this message ended the plugin's worker twice, or did not come back twice (\(String(decoding: day, as: UTF8.self))), and is not shown to it again"
    }

    /// A call did not come back. The second time it counts as a crash.
    func addHang(_ call: FilterCall, plugin: String, library: String, now: Timestamp) {
        guard let message = call.message else { return }
        let crash = Crash(message: Self.digest(message), plugin: plugin, library: library)
        let isKnown = hangs.withLock { hangs in
            if hangs.count >= Self.most { hangs = [] }
            return !hangs.insert(crash).inserted
        }
        if isKnown { add(call, plugin: plugin, library: library, now: now) }
    }

    func add(_ call: FilterCall, plugin: String, library: String, now: Timestamp) {
        guard let message = call.message else { return }
        let crash = Crash(message: Self.digest(message), plugin: plugin, library: library)
        let text = crashes.withLock { crashes in
            crashes[crash] = now.microseconds
            crashes = crashes.filter { now - Timestamp(microseconds: $0.value) < Self.lifetime }
            while crashes.count > Self.most, let oldest = crashes.min(by: { $0.value < $1.value }) { crashes[oldest.key] = nil }
            return crashes.map { "\($0.key.message) \($0.key.plugin) \($0.key.library) \($0.value)\n" }.joined()
        }
        // Whole or not at all; what is lost by a power cut is one more try.
        if let path { try? Data(text.utf8).write(to: URL(filePath: path), options: .atomic) }
    }

    /// The one that the gateway has made already, if it has.
    private static func digest(_ message: ReceivedMessage) -> String {
        if let digest = message.digest { return digest.description }
        return withExtendedLifetime(message.region) { SHA256.hash(data: message.region.bytes) }.map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16)
        }.joined()
    }
}
