import Glibc

/// The kernel's limits on one process, getrlimit(2). Both the soft and the hard one: the worker cannot raise them again.
enum ProcessLimits {
    /// Main thread's stack, and where a thread's size is not given: 8 MiB, as libraries expect. A program started with no limit would have
    /// memory there that RLIMIT_DATA does not count.
    static let stack = 8 << 20
    /// A library that keeps a secret out of swap locks 32 KiB.
    static let locked = 64 << 10

    static func set(_ grants: Grants) throws(SandboxFailure) {
        try set(RLIMIT_CORE, 0, "core files")
        try set(RLIMIT_DATA, grants.memory, "memory")
        try set(RLIMIT_STACK, stack, "stack")
        try set(RLIMIT_NOFILE, grants.openFiles, "open files")
        try set(RLIMIT_FSIZE, grants.temporaryBytes, "file size")
        try set(__RLIMIT_MEMLOCK, locked, "locked memory")
        try set(__RLIMIT_MSGQUEUE, 0, "message queues")
        try set(__RLIMIT_NICE, 0, "priority")
        try set(__RLIMIT_RTPRIO, 0, "real-time priority")
        if grants.user != nil { try set(__RLIMIT_NPROC, grants.threads, "threads") }
        // Writing past the limit is then an error, EFBIG, and not the end.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// What is lower already stays.

    private static func set(_ resource: __rlimit_resource, _ most: Int, _ name: String) throws(SandboxFailure) {
        let kind = __rlimit_resource_t(resource.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { throw SandboxFailure(call: "the limit of \(name) cannot be read") }
        limit.rlim_max = min(limit.rlim_max, rlim_t(most))
        limit.rlim_cur = min(limit.rlim_cur, limit.rlim_max)
        guard setrlimit(kind, &limit) == 0 else { throw SandboxFailure(call: "the limit of \(name) cannot be set to \(most)") }
    }
}
