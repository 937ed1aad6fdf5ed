import Glibc
import Mail
import PluginLoader

/// Runs what would hold an event loop: as many at a time as there are processors, senders by turns.
enum WorkThreads {
    private static let pool = ThreadPool(threads: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    static let run: @Sendable (SessionFacts, @escaping @Sendable () -> Void) -> Void = { session, work in
        pool.execute(for: CallOrigin(session).site, work)
    }
}
