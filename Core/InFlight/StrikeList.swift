import Glibc
import Mail

/// Which messages ended a gateway, and how often: the file `strikes`, a line each:
///
///     DIGEST MICROSECONDS PHASE FILTER
///
/// FILTER is `-` for the gateway's own reading. Lines that are none are passed over.
struct StrikeList: Equatable {
    struct Strike: Hashable {
        var digest: MessageDigest
        var time: Timestamp
        var phase: Phase
        var filter: String

        var text: String { "\(digest) \(time.microseconds) \(phase) \(filter.isEmpty ? "-" : filter)" }

        init(digest: MessageDigest, time: Timestamp, phase: Phase, filter: String) {
            self.digest = digest
            self.time = time
            self.phase = phase
            self.filter = filter
        }

        init?(_ line: Substring) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 4, let digest = MessageDigest(words[0]), let time = Int64(words[1]), time > 0,
                let phase = Phase(String(words[2])), (1...JournalSlot.longestName).contains(words[3].utf8.count)
            else { return nil }
            self.init(
                digest: digest, time: Timestamp(microseconds: time), phase: phase,
                filter: words[3] == "-" ? "" : JournalSlot.name(words[3].utf8))
        }
    }

    /// So many, and nobody looks into the message any more.
    static let most = 2
    /// A sender gives up sooner (RFC 5321 section 4.5.4.1: four to five days).
    static let lifetime = Duration.seconds(7 * 86400)
    /// The newest are kept.
    static let longest = 1024
    private static let mostBytes = 256 * 1024

    private(set) var strikes: [Strike]

    init(_ text: String, now: Timestamp) {
        let all = text.split(separator: "\n").compactMap(Strike.init)
        // A time to come is a clock that was wrong, or somebody's hand: not for ever either.
        strikes = all.filter { now - $0.time < Self.lifetime && $0.time - now < Self.lifetime }.suffix(Self.longest)
    }

    mutating func add(_ strike: Strike) {
        strikes.append(strike)
        if strikes.count > Self.longest { strikes.removeFirst() }
    }

    func count(of digest: MessageDigest) -> Int { strikes.count { $0.digest == digest } }

    /// Digest -> why it must not be looked into.
    var objections: [MessageDigest: String] {
        var objections: [MessageDigest: String] = [:]
        for (digest, all) in Dictionary(grouping: strikes, by: \.digest) where all.count >= Self.most {
            let last = all.last!
            let work = FoundStretch.work(last.filter, last.phase)
            let times = all.count == 2 ? "twice" : "\(all.count) times"
            objections[digest] = "ended the gateway \(times), last in \(work): not inspected"
        }
        return objections
    }

    static func read(_ path: String, now: Timestamp) -> StrikeList {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return StrikeList("", now: now) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: mostBytes)
        let count = max(0, Glibc.read(file, &bytes, bytes.count))
        return StrikeList(String(decoding: bytes.prefix(count), as: UTF8.self), now: now)
    }

    /// Durable when this returns nil; else what went wrong.
    func write(_ path: String) -> String? {
        let text = Array(strikes.map { $0.text + "\n" }.joined().utf8)
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return "\(temporary): \(String(cString: strerror(errno)))" }
        let isWritten = Glibc.write(file, text, text.count) == text.count && fsync(file) == 0
        let code = errno
        close(file)
        guard isWritten, rename(temporary, path) == 0 else { return "\(path): \(String(cString: strerror(isWritten ? errno : code)))" }
        return nil
    }
}
