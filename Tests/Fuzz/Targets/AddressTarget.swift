import Glibc
import Mail
import SMTP

/// The address grammar beside `plainly`, which reads RFC 5321 section 4.1.2 in another way: from the ends, with the C library's address
/// parser.
enum AddressTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        let input = Array(bytes)
        let text = String(decoding: input, as: UTF8.self)
        let address = EmailAddress(mailbox: text)
        if let address {
            try CommandTarget.check(address)
            try expect(address.localPart + "@" + address.domain == lowerDomain(text), "\(text) became \(address)")
        }
        if input.allSatisfy({ $0 < 128 }) {
            try expect((address != nil) == plainly(input), "\(text.debugDescription) is \(address == nil ? "refused" : "taken")")
        }
        // The same grammar stands in a path.
        let line = Array("MAIL FROM:<".utf8) + input + Array(">".utf8)
        var command: Command?
        line.withUnsafeBytes { line in
            do throws(CommandFault) { command = try CommandParser.parse(line) } catch { command = nil }
        }
        if let address, input.allSatisfy({ $0 < 128 }) {
            let isShort = input.count + 2 <= AddressGrammar.longestPath
            try expect((command == .mail(Envelope(reversePath: .address(address)))) == isShort, "\(text) as a path")
        }
    }

    private static func lowerDomain(_ text: String) -> String {
        let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) ?? text.endIndex
        return text[..<at] + text[at...].lowercased()
    }

    private static func plainly(_ input: [UInt8]) -> Bool {
        guard let at = input.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return isLocalPart(Array(input[..<at])) && isDomain(Array(input[(at + 1)...]))
    }

    private static func isLocalPart(_ local: [UInt8]) -> Bool {
        guard (1...64).contains(local.count) else { return false }
        guard local.first == UInt8(ascii: "\"") else {
            let atoms = local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtomText) }
        }
        guard local.count >= 2, local.last == UInt8(ascii: "\""), local.allSatisfy({ (32...126).contains($0) }) else { return false }
        var isEscaped = false
        for byte in local[1..<(local.count - 1)] {
            if !isEscaped, byte == UInt8(ascii: "\"") { return false }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return !isEscaped
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        (33...126).contains(byte) && !"()<>[]:;@\\,.\"".utf8.contains(byte)
    }

    private static func isDomain(_ domain: [UInt8]) -> Bool {
        guard (1...255).contains(domain.count) else { return false }
        if domain.first == UInt8(ascii: "["), domain.last == UInt8(ascii: "]"), domain.count > 2 {
            return isLiteral(String(decoding: domain[1..<(domain.count - 1)], as: UTF8.self))
        }
        return domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { $0 == UInt8(ascii: "-") || isLetterOrDigit($0) }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }

    private static func isLiteral(_ text: String) -> Bool {
        // The C library's string would end at a NUL.
        if text.utf8.contains(0) { return false }
        var address = in6_addr()
        if text.utf8.count > 5, text.prefix(5).uppercased() == "IPV6:" {
            return inet_pton(AF_INET6, String(text.dropFirst(5)), &address) == 1
        }
        return inet_pton(AF_INET, text, &address) == 1
    }
}
