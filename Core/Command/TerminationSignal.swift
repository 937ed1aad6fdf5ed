import Dispatch
import Glibc

/// SIGINT and SIGTERM as something to wait for.
enum TerminationSignal {
    /// Until the first of them comes. From then on a second one ends the process as usual.
    static func wait() async {
        let stream = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { stream.continuation.yield() }
            source.resume()
            return source
        }
        for await _ in stream.stream { break }
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
