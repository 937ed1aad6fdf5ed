import Glibc

/// Processor time of passes over a set of files, after one that does not count.
enum Rate {
    static func run(passes: Int, files: [String]) {
        let messages = files.map { MessageFile($0) }
        var parts = 0
        var decoded = 0
        var times: [Double] = []
        for pass in 0...passes {
            (parts, decoded) = (0, 0)
            let start = clock(CLOCK_THREAD_CPUTIME_ID)
            for message in messages {
                let reading = MessageReading(message.bytes)
                parts += reading.tree.parts.count
                decoded += reading.decoded
            }
            if pass > 0 { times.append(Double(clock(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9) }
        }
        let bytes = messages.reduce(0) { $0 + $1.bytes.count }
        print(#"{"bytes": \#(bytes), "parts": \#(parts), "decoded": \#(decoded), "seconds": \#(times)}"#)
    }
}
