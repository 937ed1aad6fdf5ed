import Control
import Glibc
import Mail
import Synchronization

/// Where commands write. What a message or a peer said goes through `escaped` first: a subject must not be able to move the cursor, change a
/// title or hide a line.
enum Terminal {
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    /// https://no-color.org
    private static let hasColour = isOutputTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
    private static let lock = Mutex(())

    enum Colour: Int { case red = 31, green = 32, yellow = 33, dim = 2, bold = 1 }

    static func colour(_ text: String, _ colour: Colour) -> String {
        hasColour ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A line on standard output. Any thread; lines do not mix.
    static func print(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

    static func printError(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

    /// What went wrong and what to do, on standard error.
    static func report(_ error: any Error) {
        guard let failure = error as? ControlFailure else { return printError("postern: \(escaped("\(error)", keepingLines: true))") }
        printError("postern: \(escaped(failure.what))")
        for problem in failure.problems { printError("  \(escaped(problem))") }
        if !failure.mend.isEmpty { printError("  \(escaped(failure.mend))") }
    }

    /// What an operation on many copies has done.
    static func printChanged(_ changed: Int, _ operation: QueueOperation, asJSON: Bool) throws {
        if asJSON { return try printJSON(["changed": changed]) }
        print((changed == 1 ? "1 copy" : "\(changed) copies") + " \(operation.participle)")
    }

    /// A message: its bytes, or on a terminal what is harmless of them.
    static func printBytes(_ region: Region) {
        if isOutputTerminal {
            let text = withExtendedLifetime(region) { String(decoding: region.bytes, as: UTF8.self) }
            return write(escaped(text.replacing("\r\n", with: "\n"), keepingLines: true), to: STDOUT_FILENO)
        }
        withExtendedLifetime(region) { lock.withLock { _ in if !write(region.bytes, to: STDOUT_FILENO) { exit(1) } } }
    }

    /// The wall clock.
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Replaces the line that shows how far a command is; only where people look.
    static func progress(_ text: String) {
        if isErrorTerminal { write("\r\u{1B}[K\(text)", to: STDERR_FILENO) }
    }

    static func endProgress() {
        if isErrorTerminal { write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        lock.withLock { _ in
            var text = text
            let isWritten = text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
            // Nobody reads any more: there is nothing left to do.
            if !isWritten, descriptor == STDOUT_FILENO { exit(1) }
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let n = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if n < 0, errno == EINTR { continue }
            if n <= 0 { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[n...])
        }
        return true
    }

    /// Control characters (C0, DEL, C1) as `\xNN`, line and paragraph separators and the characters that turn the direction of text as
    /// `\u{NNNN}`. With `keepingLines` LF stays.
    static func escaped(_ text: String, keepingLines: Bool = false) -> String {
        guard text.unicodeScalars.contains(where: \.isDeceptive) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            if !scalar.isDeceptive || (keepingLines && scalar == "\n") {
                out.unicodeScalars.append(scalar)
            } else if scalar == "\t" {
                out += "    "
            } else if scalar.value < 0x100 {
                out += "\\x" + hex(scalar.value, digits: 2)
            } else {
                out += "\\u{" + hex(scalar.value, digits: 4) + "}"
            }
        }
        return out
    }

    /// JSON text is JSON still, and harmless: only strings can hold such characters.
    static func escapedJSON(_ json: String) -> String {
        guard json.unicodeScalars.contains(where: \.isDeceptive) else { return json }
        var out = ""
        for scalar in json.unicodeScalars {
            if scalar.isDeceptive { out += "\\u" + hex(scalar.value, digits: 4) } else { out.unicodeScalars.append(scalar) }
        }
        return out
    }

    /// A value as one line of JSON.
    static func printJSON(_ value: some Encodable) throws {
        print(escapedJSON(String(decoding: try ControlJSON.encode(value), as: UTF8.self)))
    }

    private static func hex(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
