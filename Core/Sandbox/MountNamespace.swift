import CSandbox
import Glibc

/// Mounts that only this process sees.
enum MountNamespace {
    /// Paths for mounts must be opened after this: a mount of another namespace cannot be bound.
    static func enter() -> Bool {
        sandbox_unshare(CLONE_NEWNS) == 0 && mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0
    }
}
