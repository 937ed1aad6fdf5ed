import PosternKit

/// A list: its zone, the symbol that it gives, and what its codes weigh. Pure.
struct Zone: Equatable, Sendable {
    /// In lower case, without final dot.
    var name: String
    var symbol: String
    var codes: [Weighted]
    var answersIPv4 = true
    var answersIPv6 = true

    struct Weighted: Equatable, Sendable {
        var code: CodeRange
        var weight: Double
    }

    /// Longer names leave no room for the 64 bytes of a reversed IPv6 address.
    static let longestName = 180

    /// The narrowest range that has the code; nil: it counts nothing.
    func weight(of code: UInt32) -> Double? {
        codes.filter { $0.code.range.contains(code) }.min { $0.code.range.count < $1.code.range.count }?.weight
    }

    /// RFC 5782 sections 2.1 and 2.4. `client` has 4 or 16 bytes.
    func question(for client: [UInt8]) -> String { ClientAddress(octets: client).reversed + "." + name }

    func answers(_ client: [UInt8]) -> Bool { client.count == 4 ? answersIPv4 : answersIPv6 }

    /// `text` as a zone's name; nil when it is none.
    static func normalized(_ text: String) -> String? {
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard !name.isEmpty, name.utf8.count <= longestName else { return nil }
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(isNameByte) else { return nil }
        }
        return name.lowercased()
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }
}
