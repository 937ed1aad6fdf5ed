import Mail

/// Turns an event into one line of bytes. Values are the peer's and hostile: whatever they hold, the line stays one line and no field is
/// forged. In logfmt a value is bare only if every byte is printable ASCII without space, `"`, `=` and `\`; else it is quoted, with the
/// escapes of JSON. Control and bidirectional characters are escaped, so that a terminal shows what is there.
struct LogLine {
    /// Bytes of one value before escaping; longer ones are cut and end in `...`.
    static let maximumValue = 1024
    /// Bytes of a line. Fields that would pass it are left out, and `cut=true` says so.
    static let maximumLine = 16 << 10

    private(set) var bytes: [UInt8]
    private let format: LogFormat

    init(_ event: MailEvent, at time: Timestamp, format: LogFormat) {
        self.format = format
        bytes = []
        bytes.reserveCapacity(512)
        if format == .json { bytes.append(UInt8(ascii: "{")) }
        key("time")
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
        CivilTime(time).appendRFC3339(to: &bytes)
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
        key("event")
        event.name.withUTF8Buffer { plain($0) }
        if let id = event.queueID {
            key("id")
            var text = id.description
            text.withUTF8 { plain($0) }
        }
        if let session = event.session {
            key("session")
            digits(session)
        }
        for (name, value) in event.fields {
            guard bytes.count + Self.maximumValue * 6 + 128 < Self.maximumLine else {
                key("cut")
                bytes.append(contentsOf: "true".utf8)
                break
            }
            key(name)
            self.value(value)
        }
        if format == .json { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func key(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(format == .json ? UInt8(ascii: ",") : UInt8(ascii: " ")) }
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
        bytes.append(format == .json ? UInt8(ascii: ":") : UInt8(ascii: "="))
    }

    /// Our own words: nothing in them needs an escape.
    private mutating func plain(_ word: UnsafeBufferPointer<UInt8>) {
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
        bytes.append(contentsOf: word)
        if format == .json { bytes.append(UInt8(ascii: "\"")) }
    }

    private mutating func value(_ value: LogValue) {
        switch value {
        case .text(var text): text.withUTF8 { self.text($0) }
        case .integer(let number):
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            digits(UInt64(number.magnitude))
        case .number(let number): self.number(number)
        case .duration(let duration):
            let microseconds = duration.microseconds
            if microseconds < 0 { bytes.append(UInt8(ascii: "-")) }
            digits(microseconds.magnitude / 1_000_000)
            bytes.append(UInt8(ascii: "."))
            digits(microseconds.magnitude % 1_000_000, width: 6)
        }
    }

    /// JSON has no word for what is not finite.
    private mutating func number(_ number: Double) {
        if format == .json, !number.isFinite {
            bytes.append(contentsOf: "null".utf8)
        } else if number.rounded() == number, abs(number) < 1e15 {
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            digits(UInt64(abs(number)))
        } else {
            bytes.append(contentsOf: number.description.utf8)
        }
    }

    private mutating func digits(_ value: UInt64, width: Int = 1) {
        var rest = value
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < width
        bytes[start...].reverse()
    }

    private mutating func text(_ whole: UnsafeBufferPointer<UInt8>) {
        var end = min(whole.count, Self.maximumValue)
        // Never cuts a character of several bytes.
        while end < whole.count, end > 0, whole[end] & 0xC0 == 0x80 { end -= 1 }
        let text = UnsafeBufferPointer(rebasing: whole[..<end])
        if format == .logfmt, end == whole.count, !text.isEmpty, text.allSatisfy(Self.isBare) {
            bytes.append(contentsOf: text)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        if text.allSatisfy(Self.isPlainInQuotes) {
            bytes.append(contentsOf: text)
        } else {
            for scalar in String(decoding: text, as: UTF8.self).unicodeScalars { quoted(scalar) }
        }
        if end < whole.count { bytes.append(contentsOf: "...".utf8) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\\")
    }

    private static func isPlainInQuotes(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func quoted(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x22, 0x5C:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(scalar.value))
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        // C0, DEL and C1; line and paragraph separators; what turns the direction of writing; the byte order mark.
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF:
            bytes.append(contentsOf: "\\u".utf8)
            for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(Self.hex[Int(scalar.value >> shift & 15)]) }
        default: bytes.append(contentsOf: UTF8.encode(scalar)!)
        }
    }

    private static let hex = Array("0123456789abcdef".utf8)
}
