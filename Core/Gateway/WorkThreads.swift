import NIOPosix

/// Runs what would hold an event loop: as many at a time as there are processors.
enum WorkThreads {
    static let run: @Sendable (@escaping @Sendable () -> Void) -> Void = { work in
        NIOThreadPool.singleton.submit { _ in work() }
    }
}
