import CSandbox
import Glibc

/// Who a worker is: another user than the gateway where that runs as root, and without any capability in each case.
enum WorkerUser {
    static func check(_ user: Grants.User?, isRoot: Bool) throws(SandboxFailure) {
        guard let user else {
            if isRoot { throw SandboxFailure("a worker started as root needs a user of its own, not root") }
            return
        }
        guard user.uid != 0, user.gid != 0 else { throw SandboxFailure("a worker cannot run as root (\(user.uid):\(user.gid))") }
        guard isRoot else { throw SandboxFailure("a worker becomes user \(user.uid) only when the gateway runs as root") }
    }

    /// Real, effective and saved; no supplementary group, no capability. Nobody else of that user may trace it or read its memory, and /proc
    /// shows its insides to root alone.
    static func become(_ user: Grants.User?) throws(SandboxFailure) {
        if let user {
            let mend = "the gateway needs CAP_SETUID and CAP_SETGID, and the user must exist in its user namespace"
            guard setgroups(0, nil) == 0, setgid(user.gid) == 0, setuid(user.uid) == 0 else {
                throw SandboxFailure(call: "the worker cannot become user \(user.uid):\(user.gid)", mend: mend)
            }
            guard setuid(0) != 0, getuid() == user.uid, geteuid() == user.uid, getgid() == user.gid, getegid() == user.gid else {
                throw SandboxFailure("the worker became user \(user.uid):\(user.gid) and can still become root; \(mend)")
            }
        }
        guard sandbox_drop_capabilities() == 0 else { throw SandboxFailure(call: "capabilities cannot be given up") }
        guard sandbox_prctl(PR_SET_DUMPABLE, 0) == 0 else { throw SandboxFailure(call: "PR_SET_DUMPABLE") }
    }
}
