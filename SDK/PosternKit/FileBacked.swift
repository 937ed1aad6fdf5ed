/// A value made of files on a thread of its own, and made again when they change: so a filter's instance is there at once, a reload holds
/// nobody up, and a broken file does not take away what works. Any thread.
///
///     loading -> ready <-> ready (another one, beside) ; ready -> loading (held) ; loading -> failed -> loading (the files changed)
public final class FileBacked<Source: FileSource>: Sendable {
    public enum State: Sendable {
        /// Ask again soon.
        case loading
        case ready(Source.Value)
        /// There is none, and why. Loading is tried again when the files change, and once a minute.
        case failed(String)
    }

    private let keeper: FileKeeper<Source>

    /// Begins to load. `interval`: how often the files are looked at.
    public init(_ source: Source, every interval: Duration, host: Host) {
        self.keeper = FileKeeper(source, every: interval, log: { host.log($0, $1) })
        keeper.start()
    }

    /// For tests.
    init(_ keeper: FileKeeper<Source>) {
        self.keeper = keeper
        keeper.start()
    }

    /// The thread ends by itself: at once, or when what it is loading is loaded.
    deinit { keeper.stop() }

    public var state: State {
        keeper.start()
        return keeper.state
    }

    /// How many values were made so far.
    public var generation: Int { keeper.generation }

    public var description: String { keeper.source.description }
}

extension Call {
    /// The value, once it is there. While it is loading the run is suspended, for as long as the filter's time allows: nothing passes
    /// unseen. Throws when it could not be made, and when nobody waits any more.
    public func value<Source>(of files: FileBacked<Source>) async throws -> Source.Value {
        var pause = Duration.milliseconds(5)
        while true {
            switch files.state {
            case .ready(let value): return value
            case .failed(let why): throw FilterError(why)
            case .loading: break
            }
            if isCancelled { throw FilterError("given up while waiting for \(files.description)") }
            guard await sleep(pause) else {
                throw FilterError("\(files.description) is being loaded, and this host has no timer to wait with")
            }
            pause = min(pause * 2, .milliseconds(250))
        }
    }
}
