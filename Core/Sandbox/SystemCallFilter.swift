import CSandbox
import Glibc

/// The seccomp filter, made by libseccomp. seccomp(2), seccomp_rule_add(3).
///
/// Conditions only ever allow: a call whose arguments fit none gets the filter's ENOSYS. So bits above an argument's width, which the kernel
/// does not look at, can only make a call that would be allowed a refused one.
enum SystemCallFilter {
    /// Installs it for every thread of the process; `no_new_privs` is set.
    static func install() throws(SandboxFailure) {
        guard let filter = seccomp_init(sandbox_refuse(UInt16(ENOSYS))) else { throw SandboxFailure("seccomp: no filter can be made") }
        defer { seccomp_release(filter) }
        // Another architecture's numbers (x32 and i386 on x86-64) mean other calls.
        try set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
        try set(filter, SCMP_FLTATR_CTL_TSYNC, 1)
        // A binary tree over the numbers: the hot calls do not pay for the long list.
        _ = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        for name in SystemCalls.allowed { try add(filter, SCMP_ACT_ALLOW, name) }
        for name in SystemCalls.refused { try add(filter, sandbox_refuse(UInt16(EPERM)), name) }
        for (name, conditions) in conditions() { try add(filter, SCMP_ACT_ALLOW, name, conditions) }
        let code = seccomp_load(filter)
        guard code == 0 else {
            errno = -code
            throw SandboxFailure(call: "seccomp: the filter is not taken", mend: "the kernel needs CONFIG_SECCOMP_FILTER")
        }
    }

    /// Calls that are allowed with certain arguments; one rule each, any of them allows.
    private static func conditions() -> [(String, [scmp_arg_cmp])] {
        var rules: [(String, [scmp_arg_cmp])] = []
        func allow(_ name: String, _ argument: UInt32, in values: [UInt64]) {
            for value in values { rules.append((name, [scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)])) }
        }
        func allow(_ name: String, _ argument: UInt32, mask: UInt64, values: [UInt64]) {
            for value in values {
                rules.append((name, [scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)]))
            }
        }
        // A thread of this process: it shares memory, signal actions, the thread group and descriptors (what one keeps open is seen in the
        // process's own table); no namespace of its own, no descriptor for it.
        let shared = UInt64(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES | CLONE_FS)
        let separate = UInt64(
            CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK
                | CLONE_PTRACE | CLONE_PIDFD)
        allow("clone", 0, mask: shared | separate, values: [shared])
        // Not CLOSE_RANGE_UNSHARE.
        allow("close_range", 2, in: [0, closeRangeOnExec])
        // Signals to itself: abort(3), a runtime that interrupts its threads.
        let pid = UInt64(getpid())
        allow("kill", 0, in: [pid])
        allow("tgkill", 0, in: [pid])
        // RLIMIT_DATA counts neither what is shared without a file nor what grows like a stack.
        let anonymous = UInt64(MAP_ANONYMOUS)
        let uncounted = anonymous | UInt64(MAP_SHARED) | mapGrowsDown | mapHugePages
        allow("mmap", 3, mask: uncounted, values: [0, anonymous, UInt64(MAP_SHARED)])
        // Landlock before ABI 3 lets who may read a file empty it (O_RDONLY with O_TRUNC), and access mode 3 asks it for no right at all. The
        // flags of openat2 lie in memory: it does not exist.
        let mode = UInt64(O_ACCMODE)
        let openings = [UInt64(O_RDONLY), UInt64(O_WRONLY), UInt64(O_RDWR), UInt64(O_WRONLY | O_TRUNC), UInt64(O_RDWR | O_TRUNC)]
        allow("open", 1, mask: mode | UInt64(O_TRUNC), values: openings)
        allow("openat", 2, mask: mode | UInt64(O_TRUNC), values: openings)
        // Reading limits, of itself.
        rules.append(
            (
                "prlimit64",
                [
                    scmp_arg_cmp(arg: 0, op: SCMP_CMP_EQ, datum_a: 0, datum_b: 0),
                    scmp_arg_cmp(arg: 2, op: SCMP_CMP_EQ, datum_a: 0, datum_b: 0),
                ]
            ))
        rules.append(
            (
                "prlimit64",
                [
                    scmp_arg_cmp(arg: 0, op: SCMP_CMP_EQ, datum_a: pid, datum_b: 0),
                    scmp_arg_cmp(arg: 2, op: SCMP_CMP_EQ, datum_a: 0, datum_b: 0),
                ]
            ))
        // Names of threads and mappings, and questions.
        allow(
            "prctl", 0,
            in: [PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ, PR_GET_SECCOMP, PR_SET_VMA]
                .map { UInt64($0) })
        // No F_SETOWN, F_SETSIG, F_SETLEASE, F_NOTIFY (signals to others), no F_ADD_SEALS, no F_SETPIPE_SZ.
        allow(
            "fcntl", 1,
            in: [
                F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, openFileLockGet, openFileLockSet,
                openFileLockWait, getSeals,
            ].map { UInt64($0) })
        // Whether it is a terminal, how much can be read, flags of the descriptor. No TIOCSTI, no device's own.
        allow("ioctl", 1, in: [terminalGet, terminalSize, bytesToRead, nonblocking, closeOnExec, keepOnExec])
        // send(2): to the one who is connected.
        allow("sendto", 4, in: [0])
        return rules
    }

    private static func add(
        _ filter: scmp_filter_ctx, _ action: UInt32, _ name: String, _ conditions: [scmp_arg_cmp] = []
    ) throws(SandboxFailure) {
        let number = seccomp_syscall_resolve_name(name)
        // This libseccomp does not know it: the filter's ENOSYS.
        if number == __NR_SCMP_ERROR { return }
        let code = seccomp_rule_add_array(filter, action, number, UInt32(conditions.count), conditions)
        guard code == 0 else {
            errno = -code
            throw SandboxFailure(call: "seccomp: no rule for \(name)")
        }
    }

    private static func set(_ filter: scmp_filter_ctx, _ attribute: scmp_filter_attr, _ value: UInt32) throws(SandboxFailure) {
        let code = seccomp_attr_set(filter, attribute, value)
        guard code == 0 else {
            errno = -code
            throw SandboxFailure(call: "seccomp: attribute \(attribute.rawValue)")
        }
    }

    // The headers show these to GNU C only, or as macros that Swift does not take. The same on x86-64 and arm64.
    private static let mapGrowsDown: UInt64 = 0x100
    private static let mapHugePages: UInt64 = 0x40000
    private static let openFileLockGet: Int32 = 36
    private static let openFileLockSet: Int32 = 37
    private static let openFileLockWait: Int32 = 38
    private static let getSeals: Int32 = 1034
    private static let closeRangeOnExec: UInt64 = 4
    private static let terminalGet: UInt64 = 0x5401
    private static let terminalSize: UInt64 = 0x5413
    private static let bytesToRead: UInt64 = 0x541B
    private static let nonblocking: UInt64 = 0x5421
    private static let keepOnExec: UInt64 = 0x5450
    private static let closeOnExec: UInt64 = 0x5451
}
