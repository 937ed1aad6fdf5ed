import Glibc

/// Why a process could not be confined. It may be half confined now: it must end without loading anything.
public struct SandboxFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence with the mend, for the operator.
    public let description: String

    init(_ text: String) { description = text }

    /// What a system call said, by `errno`.
    init(call: String, mend: String? = nil) {
        let why = String(cString: strerror(errno))
        description = mend.map { "\(call): \(why); \($0)" } ?? "\(call): \(why)"
    }
}
