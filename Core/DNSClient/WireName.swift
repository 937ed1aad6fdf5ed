/// A domain name in wire form: labels with their lengths, ending in the root's zero byte, uncompressed (RFC 1035 section 3.1).
import Mail

public struct WireName: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 255 bytes.
    public let bytes: [UInt8]

    public static let root = WireName(trusted: [0])

    private init(trusted bytes: [UInt8]) { self.bytes = bytes }

    /// Why a text is no name; for the log.
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case emptyLabel, labelTooLong, nameTooLong, badEscape

        public var description: String {
            switch self {
            case .emptyLabel: "empty label"
            case .labelTooLong: "label longer than 63 bytes"
            case .nameTooLong: "name longer than 255 bytes"
            case .badEscape: "bad escape"
            }
        }
    }

    /// Presentation form, final dot or not; `\.`, `\\` and `\DDD` as in RFC 1035 section 5.1. The empty text and `.` are the root.
    public init(_ text: some StringProtocol) throws(Failure) {
        var wire: [UInt8] = [0]
        wire.reserveCapacity(text.utf8.count + 2)
        var start = 0  // of the label under way: where its length goes
        var rest = text.utf8[...]
        if rest.elementsEqual([UInt8(ascii: ".")]) { rest = rest.dropFirst() }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ".") {
                guard wire[start] > 0 else { throw .emptyLabel }
                start = wire.count
                wire.append(0)
                continue
            }
            wire.append(byte == UInt8(ascii: "\\") ? try Self.escaped(&rest) : byte)
            guard wire[start] < 63 else { throw .labelTooLong }
            wire[start] += 1
            guard wire.count <= 255 else { throw .nameTooLong }
        }
        if wire[start] > 0 { wire.append(0) }
        guard wire.count <= 255 else { throw .nameTooLong }
        bytes = wire
    }

    /// What stands after a backslash.
    private static func escaped<S: Collection<UInt8>>(_ rest: inout S) throws(Failure) -> UInt8 where S.SubSequence == S {
        guard let first = rest.popFirst() else { throw .badEscape }
        guard (48...57).contains(first) else { return first }
        guard let second = rest.popFirst(), let third = rest.popFirst(), (48...57).contains(second), (48...57).contains(third) else {
            throw .badEscape
        }
        guard let byte = UInt8(exactly: Int(first - 48) * 100 + Int(second - 48) * 10 + Int(third - 48)) else { throw .badEscape }
        return byte
    }

    /// The uncompressed name that `wire` begins with. nil when it is cut off, too long, or has a compression pointer.
    public init?(prefixOf wire: some Collection<UInt8>) {
        var name: [UInt8] = []
        var rest = wire[...]
        while let length = rest.popFirst() {
            guard length < 64, name.count + 1 + Int(length) <= 255, rest.count >= Int(length) else { return nil }
            name.append(length)
            if length == 0 {
                bytes = name
                return
            }
            name += rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }

    /// The bytes of each label, without the root.
    public var labels: [ArraySlice<UInt8>] {
        var out: [ArraySlice<UInt8>] = []
        var at = 0
        while bytes[at] > 0 {
            let end = at + 1 + Int(bytes[at])
            out.append(bytes[at + 1..<end])
            at = end
        }
        return out
    }

    /// ASCII letters in lower case, as names are compared (RFC 4343).
    public var lowercased: WireName {
        // Lengths are below 64, so that no length byte is taken for a letter.
        WireName(trusted: bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 })
    }

    /// Presentation form without final dot, the root as `.`; whatever is not a letter, digit, `-` or `_` is escaped.
    public var description: String {
        if bytes.count == 1 { return "." }
        var text = ""
        for (i, label) in labels.enumerated() {
            if i > 0 { text += "." }
            for byte in label {
                switch byte {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"):
                    text.unicodeScalars.append(Unicode.Scalar(byte))
                default:
                    let digits = String(byte)
                    text += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
                }
            }
        }
        return text
    }
}
