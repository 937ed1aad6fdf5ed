import Glibc
import Mail

/// `workers:` of postern.yaml: what processes of plugins may have, with what is said of single plugins over what is said of all.
struct WorkersReader {
    private let catalogue: any FilterCatalogue
    private let problems: ProblemList

    init(catalogue: any FilterCatalogue, _ problems: ProblemList) {
        self.catalogue = catalogue
        self.problems = problems
    }

    /// `root`: postern.yaml.
    func read(_ root: MappingReader) -> WorkerPolicy {
        var policy = WorkerPolicy()
        guard let map = root.mapping("workers") else { return policy }
        limits(map, &policy.common)
        for entry in entries(map) {
            check(entry)
            guard let own = MappingReader(entry.value, problems, what: "the limits of `\(entry.key.shortened)`") else { continue }
            var limits = policy.common
            self.limits(own, &limits)
            own.finish()
            policy.plugins[entry.key] = limits
        }
        map.finish()
        return policy
    }

    private func entries(_ map: MappingReader) -> [ConfigNode.Entry] {
        guard let node = map.node("plugins") else { return [] }
        if let entries = node.entries { return entries }
        problems.error(node.place, "`plugins` must be a mapping, not \(node.word)", mend: "write `clamav: {memory: 6GB}` lines")
        return []
    }

    private func check(_ entry: ConfigNode.Entry) {
        guard let manifest = catalogue.manifest(of: entry.key) else {
            // What is wrong with its files is said where it is used.
            guard catalogue.trouble(with: entry.key) == nil else { return }
            return problems.error(
                entry.keyPlace, "there is no plugin `\(entry.key.shortened)`",
                mend: Spelling.mend(entry.key, known: catalogue.pluginNames, kind: "plugin installed"))
        }
        if manifest.homes.allSatisfy({ $0 == .host }) {
            problems.error(entry.keyPlace, "`\(entry.key)` never runs in a worker", mend: "remove it")
        }
    }

    private func limits(_ map: MappingReader, _ limits: inout WorkerLimits) {
        let wait: ClosedRange<Duration> = .seconds(1) ... .seconds(3600)
        limits.memory = map.bytes("memory", in: 64 << 20...1 << 42) ?? limits.memory
        if let bytes = map.bytes("temporary", in: 1 << 20...1 << 42) { limits.temporaryBytes = bytes }
        limits.threads = map.integer("threads", in: 1...256) ?? limits.threads
        limits.grace = map.duration("grace", in: .milliseconds(100) ... .seconds(600)) ?? limits.grace
        limits.start = map.duration("start", in: wait) ?? limits.start
        limits.heartbeat = map.duration("heartbeat", in: wait) ?? limits.heartbeat
        limits.retries = map.integer("retries", in: 1...64) ?? limits.retries
        if let map = map.mapping("per_domain") {
            limits.mostPerDomain = map.integer("most", in: 1...10_000) ?? limits.mostPerDomain
            limits.idle = map.duration("idle", in: .seconds(1) ... .seconds(86_400)) ?? limits.idle
            map.finish()
        }
        if let text = map.text("user") {
            if let users = users(text, at: map.place(of: "user")) { limits.users = users }
        }
        if let text = map.text("group") {
            if let group = group(text, at: map.place(of: "group")) { limits.users.group = group }
        }
        if limits.users.group == 0 {
            problems.error(
                map.place(of: map.node("group") == nil ? "user" : "group"), "workers never have root's group", mend: "name another `group`")
        }
    }

    // MARK: Who

    /// A name, a number, or `first-last`.
    private func users(_ text: String, at place: SettingsPlace) -> WorkerUsers? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]) {
            if first < last { return isNotRoot(first, at: place) ? WorkerUsers(first...last) : nil }
            problems.error(
                place, "`\(text.shortened)` is no range of users", mend: "write the lower number first, such as `\(WorkerUsers())`")
            return nil
        }
        if let number = Self.number(text[...]) {
            guard isNotRoot(number, at: place) else { return nil }
            // One that has no name has no group either.
            return WorkerUsers(number...number, group: getpwuid(number)?.pointee.pw_gid ?? number)
        }
        guard let user = getpwnam(text)?.pointee else {
            problems.error(
                place, "there is no user `\(text.shortened)`",
                mend: "create it (`useradd --system \(text.shortened)`), or write a number, or a range such as `\(WorkerUsers())`")
            return nil
        }
        return isNotRoot(user.pw_uid, at: place) ? WorkerUsers(user.pw_uid...user.pw_uid, group: user.pw_gid) : nil
    }

    private func group(_ text: String, at place: SettingsPlace) -> UInt32? {
        let number = Self.number(text[...]) ?? getgrnam(text)?.pointee.gr_gid
        guard let number else {
            problems.error(
                place, "there is no group `\(text.shortened)`",
                mend: "create it (`groupadd --system \(text.shortened)`), or write its number")
            return nil
        }
        return number
    }

    private func isNotRoot(_ number: UInt32, at place: SettingsPlace) -> Bool {
        if number != 0 { return true }
        problems.error(place, "workers never run as root", mend: "name another user")
        return false
    }

    /// Decimal, and none that setuid(2) takes for "none".
    private static func number(_ text: Substring) -> UInt32? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text), number < .max else { return nil }
        return number
    }
}
