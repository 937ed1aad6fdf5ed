import Glibc
import MIME

/// What a tree takes, at most, beside the message that it is of.
enum Memory {
    static func run(file: String) {
        let message = MessageFile(file)
        warmUp()
        let before = reset()
        let tree = MessageTree(message.bytes)
        let peak = status("VmHWM")
        print(#"{"bytes": \#(message.bytes.count), "parts": \#(tree.parts.count), "beside": \#(max(0, peak - before))}"#)
    }

    /// What is loaded and made once counts for no message.
    static func warmUp() {
        for encoding in ["base64", "quoted-printable", "8bit"] {
            let part = "--a\nContent-Type: text/plain; charset=latin1; name=b\nContent-Transfer-Encoding: \(encoding)\n\nYg==\n"
            _ = Array("Content-Type: multipart/mixed; boundary=a\n\n\(part)--a--\n".utf8).withUnsafeBytes { MessageReading($0).decoded }
        }
    }

    /// Bytes that are resident now, from which the highest mark counts again.
    static func reset() -> Int {
        if let file = fopen("/proc/self/clear_refs", "w") {
            fputs("5", file)
            fclose(file)
        }
        return status("VmRSS")
    }

    /// Bytes, of a line of /proc/self/status.
    static func status(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(name + ":") { return 1024 * (Int(text.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) ?? 0) }
        }
        return 0
    }
}
