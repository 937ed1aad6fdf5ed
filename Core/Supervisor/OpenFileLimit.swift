import Glibc

/// Descriptors: a session is one, and the usual soft limit of 1024 is for programs that call select(2).
public enum OpenFileLimit {
    /// Raises the soft limit to the hard one; children inherit it.
    public static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
