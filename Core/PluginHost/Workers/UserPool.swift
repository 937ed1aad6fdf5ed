import Foundation
import Glibc
import Mail
import WorkerLink

/// Who the workers are. One that has a user of its own can neither signal the others nor use up their threads (RLIMIT_NPROC counts a
/// user's). On the reactor's thread.
final class UserPool {
    /// Given away, and perhaps not taken on yet by its process.
    private var taken: Set<UInt32> = []
    /// Numbers are used by turns: one is free for long before it comes again.
    private var last: UInt32 = 0
    private let passwords: String

    /// `passwords`: the file of the users that there are, passwd(5).
    init(passwords: String = "/etc/passwd") { self.passwords = passwords }

    /// A user for one worker. Of a range one that nobody has: no other worker, no user that /etc/passwd names, no process at all.
    func take(_ users: WorkerUsers) throws(LinkFailure) -> UInt32 {
        let numbers = users.numbers
        if users.isShared { return numbers.lowerBound }
        let named = self.named()
        let start = numbers.contains(last) ? last - numbers.lowerBound + 1 : 0
        for step in 0..<UInt32(numbers.count) {
            let number = numbers.lowerBound + (start + step) % UInt32(numbers.count)
            guard !taken.contains(number), !named.contains(number), !Self.hasProcess(number) else { continue }
            taken.insert(number)
            last = number
            return number
        }
        throw LinkFailure("none of the users \(users) is free for another worker: widen `user` under `workers`")
    }

    /// Its process has the user now, or never will.
    func release(_ user: UInt32?) { if let user { taken.remove(user) } }

    private func named() -> Set<UInt32> {
        let text = FileManager.default.contents(atPath: passwords).map { String(decoding: $0.prefix(16 << 20), as: UTF8.self) } ?? ""
        return Set(
            text.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
                return fields.count > 2 ? UInt32(fields[2]) : nil
            })
    }

    /// getpriority(2) of a user finds the processes of that user: ESRCH, there is none.
    private static func hasProcess(_ user: UInt32) -> Bool {
        errno = 0
        return getpriority(__priority_which_t(PRIO_USER.rawValue), user) != -1 || errno != ESRCH
    }
}
