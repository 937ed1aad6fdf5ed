import Glibc
import MIME
import Mail

/// What no person sends: how long it takes, what it takes in memory, what is flagged.
enum Stress {
    private struct Case {
        let name: String
        let make: () -> [UInt8]
    }

    private static var cases: [Case] {
        [
            Case(name: "100,000 parts") { Generated.many(100_000) },
            Case(name: "10,000 header fields") { header(10_000) },
            Case(name: "1,000,000 header fields") { header(1_000_000) },
            Case(name: "10,000 Content-Type fields") { types(10_000) },
            Case(name: "one header field of 64 MB") { [UInt8]("Subject: ".utf8) + [UInt8](repeating: 0x61, count: 64 << 20) },
            Case(name: "depth 10,000, multiparts") { Generated.deep(10_000) },
            Case(name: "depth 10,000, messages") { messages(10_000) },
            Case(name: "depth 60, 10,000 lines that are nearly each boundary") { lookalikes() },
            Case(name: "64 Content-Types of 16 KB with 1,000 parameters") { parameters() },
            Case(name: "100,000 lines like a boundary, fields of MIME below") { strangers() },
            Case(name: "a multipart of 1,000 base64 messages, data behind their padding") { padded() },
            Case(name: "100 MB of lines that begin with --, 61 multiparts open") { dashes(100 << 20) },
            Case(name: "100 MB of empty lines") { [UInt8]("Content-Type: text/plain\r\n\r\n".utf8) + repeated("\r\n", 100 << 20) },
            Case(name: "100 MB of empty lines of quoted-printable") {
                [UInt8]("Content-Transfer-Encoding: quoted-printable\r\n\r\n".utf8) + repeated("\r\n", 100 << 20)
            },
            Case(name: "1 GB of one line") { line(1 << 30, "text/plain", "8bit") },
            Case(name: "1 GB of one line of base64") { line(1 << 30, "application/octet-stream", "base64") },
            Case(name: "1 GB of one line of quoted-printable") { line(1 << 30, "text/plain", "quoted-printable") },
        ]
    }

    static func list() { for one in cases { print(one.name) } }

    static func write(_ name: String, to path: String) {
        guard let one = cases.first(where: { $0.name == name }), let file = fopen(path, "w") else {
            print("no case \(name), or no file \(path)")
            exit(2)
        }
        one.make().withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
    }

    /// A file's row. One alone in a process, or what another gave back would hide what it takes.
    static func run(file: String) {
        let message = MessageFile(file).bytes
        // The first pass is for the memory, the shorter of two others for the time.
        Memory.warmUp()
        let before = Memory.reset()
        let reading = MessageReading(message)
        let beside = max(0, Memory.status("VmHWM") - before)
        let tree = milliseconds { _ = MessageTree(message) }
        let whole = milliseconds { _ = MessageReading(message) }
        let flags = reading.tree.parts.reduce(into: PartFlags()) { $0.formUnion($1.content.flags) }
        let words = PartFlags.names.filter { flags.contains($0.0) }.map(\.1).joined(separator: ", ")
        func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        print(
            "| \(rounded(Double(message.count) / 1e6)) | \(rounded(tree)) | \(rounded(whole)) |",
            "\(rounded(whole * 1e6 / Double(message.count))) | \(rounded(Double(beside) / 1e6)) |",
            "\(reading.tree.parts.count) | \(rounded(Double(reading.decoded) / 1e6)) | \(words) |")
    }

    /// Of this thread's processor time.
    private static func milliseconds(_ work: () -> Void) -> Double {
        (0..<2).map { _ in
            let start = clock(CLOCK_THREAD_CPUTIME_ID)
            work()
            return Double(clock(CLOCK_THREAD_CPUTIME_ID) - start) / 1e6
        }.min()!
    }

    private static func repeated(_ text: String, _ size: Int) -> [UInt8] {
        let piece = Array(text.utf8)
        return (0..<size / piece.count).flatMap { _ in piece }
    }

    private static func types(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        for i in 0..<count { out += Array("Content-Type: multipart/mixed; boundary=\"boundary-number-\(i)\"\r\n".utf8) }
        return out + Array("\r\ntext\r\n".utf8)
    }

    private static func dashes(_ size: Int) -> [UInt8] {
        var out: [UInt8] = []
        for level in 0..<61 { out += Array("Content-Type: multipart/mixed; boundary=\"level-\(level)\"\r\n\r\n--level-\(level)\r\n".utf8) }
        return out + Array("\r\n".utf8) + repeated("--\r\n", size)
    }

    private static func header(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        for i in 0..<count { out += Array("X-Field-\(i): value \(i)\r\n".utf8) }
        return out + Array("Content-Type: text/plain\r\n\r\ntext\r\n".utf8)
    }

    private static func messages(_ depth: Int) -> [UInt8] {
        var out: [UInt8] = []
        for i in 0..<depth { out += Array("Subject: \(i)\r\nContent-Type: message/rfc822\r\n\r\n".utf8) }
        return out + Array("Subject: the last\r\n\r\ntext\r\n".utf8)
    }

    /// Boundaries that differ in their last letter, and lines that differ from all of them there.
    private static func lookalikes() -> [UInt8] {
        let stem = String(repeating: "b", count: 66)
        var out: [UInt8] = []
        for level in 0..<60 {
            let boundary = stem + "\(100 + level)"
            out += Array("Content-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n\r\n--\(boundary)\r\n".utf8)
        }
        out += Array("\r\n".utf8)
        for i in 0..<10_000 { out += Array("--\(stem)\(200 + i % 700)\r\n".utf8) }
        return out
    }

    private static func parameters() -> [UInt8] {
        var out: [UInt8] = []
        for i in 0..<64 {
            out += Array("Content-Type: multipart/mixed".utf8)
            for j in 0..<1_000 { out += Array("; name*\(j)*=%41\(i)".utf8) }
            out += Array("\r\n".utf8)
        }
        return out + Array("\r\ntext\r\n".utf8)
    }

    /// Lines that could be the boundary by their looks; the field that declares it nearly has each of them in it, everywhere.
    private static func strangers() -> [UInt8] {
        let filler = String(repeating: "a", count: 15_000)
        var out = Array("Content-Type: multipart/mixed; x=\(filler); boundary=\"the-boundary\"\r\n\r\n--the-boundary\r\n\r\n".utf8)
        let line = Array("--\(String(repeating: "a", count: 200))b\r\nContent-Type: x\r\n".utf8)
        for _ in 0..<100_000 { out += line }
        return out
    }

    private static func padded() -> [UInt8] {
        var out = Array("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n".utf8)
        let part = Array(
            "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogYQoKYg==U3ViamVjdDogYQoKYg==\r\n"
                .utf8)
        for _ in 0..<1_000 { out += part }
        return out + Array("--b--\r\n".utf8)
    }

    private static func line(_ size: Int, _ type: String, _ encoding: String) -> [UInt8] {
        let head = Array("Content-Type: \(type)\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8)
        return [UInt8](unsafeUninitializedCapacity: head.count + size) { buffer, count in
            _ = buffer.initialize(fromContentsOf: head)
            buffer[head.count...].initialize(repeating: 0x41)
            count = head.count + size
        }
    }
}
