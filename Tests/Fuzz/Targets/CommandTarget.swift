import Mail
import SMTP

/// A command line is read the same however often it is read, and what comes out of it can be written down again without harm.
enum CommandTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        let command: Command
        do throws(CommandFault) { command = try CommandParser.parse(bytes) } catch { return }
        try expect(bytes.allSatisfy { $0 >= 32 && $0 != 127 }, "a control character was taken")
        try expect(read(Array(bytes) + Array("  ".utf8)) == command, "spaces at the end change \(command)")
        switch command {
        case .hello(let name, _):
            try expect(isPlain(name) && !name.utf8.contains(32) && (1...255).contains(name.utf8.count), "the name \(name.debugDescription)")
        case .mail(let envelope):
            try check(envelope)
            try expect(read(line(envelope)) == command, "written and read again: \(line(envelope))")
        case .recipient(let recipient):
            try check(recipient)
            try expect(read(line(recipient)) == command, "written and read again: \(line(recipient))")
        case .chunk(let size, _): try expect(size >= 0, "a chunk of \(size)")
        case .authenticate(let mechanism, let initial):
            try expect((1...20).contains(mechanism.utf8.count) && initial?.isEmpty != true, "AUTH \(mechanism) \(initial ?? [])")
        case .client(let attributes): for attribute in attributes { try check(attribute) }
        default: break
        }
    }

    private static func read(_ line: [UInt8]) -> Command? {
        line.withUnsafeBytes { bytes in
            do throws(CommandFault) { return try CommandParser.parse(bytes) } catch { return nil }
        }
    }

    private static func read(_ line: String) -> Command? { read(Array(line.utf8)) }

    private static func line(_ envelope: Envelope) -> String {
        var line = "MAIL FROM:<"
        if case .address(let address) = envelope.reversePath { line += address.description }
        line += ">"
        if let size = envelope.declaredSize { line += " SIZE=\(size)" }
        if envelope.is8BitMIME { line += " BODY=8BITMIME" }
        if envelope.isSMTPUTF8 { line += " SMTPUTF8" }
        if let returned = envelope.dsn.returned { line += " RET=" + returned.rawValue }
        if let id = envelope.dsn.envelopeID { line += " ENVID=" + xtext(id) }
        return line
    }

    private static func line(_ recipient: Recipient) -> String {
        var line = "RCPT TO:<\(recipient.address)>"
        if let notify = recipient.notify {
            let words = [(NotifyConditions.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
            let wanted = words.filter { notify.contains($0.0) }.map(\.1)
            line += " NOTIFY=" + (wanted.isEmpty ? "NEVER" : wanted.joined(separator: ","))
        }
        if let original = recipient.originalRecipient { line += " ORCPT=" + original }
        return line
    }

    /// RFC 3461 section 4, for what is known to be printable.
    private static func xtext(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "+") && byte != UInt8(ascii: "=")
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "+" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }

    static func check(_ envelope: Envelope) throws(Finding) {
        try expect(envelope.recipients.isEmpty, "MAIL with recipients")
        try expect((envelope.declaredSize ?? 0) >= 0, "a size below zero")
        if case .address(let address) = envelope.reversePath {
            try check(address)
            try expect(envelope.isSMTPUTF8 || address.description.utf8.allSatisfy { $0 < 128 }, "\(address) without SMTPUTF8")
        }
        if let id = envelope.dsn.envelopeID {
            try expect(
                (1...100).contains(id.utf8.count) && id.utf8.allSatisfy { (32...126).contains($0) }, "the ENVID \(id.debugDescription)")
        }
    }

    static func check(_ recipient: Recipient) throws(Finding) {
        if recipient.address.domain.isEmpty {
            try expect(recipient.address.localPart.lowercased() == "postmaster", "no domain: \(recipient.address)")
        } else {
            try check(recipient.address)
        }
        guard let original = recipient.originalRecipient else { return }
        try expect(isPlain(original) && (1...500).contains(original.utf8.count) && !original.utf8.contains(32), "the ORCPT \(original)")
    }

    private static func check(_ attribute: ClientAttribute) throws(Finding) {
        switch attribute {
        case .address(let address): try expect(IPAddress(address.description) == address, "the address \(address)")
        case .port(let port): try expect((0...65535).contains(port), "the port \(port)")
        case .name(let name): try expect(name.map(isPlain) != false, "the name \(name ?? "")")
        case .helo(let text), .login(let text): try expect(isPlain(text), "control characters in \(text.debugDescription)")
        case .isExtended: break
        }
    }

    /// An address of the envelope, wherever it came from.
    static func check(_ address: EmailAddress) throws(Finding) {
        let text = address.description
        try expect(isPlain(text), "control characters in \(text.debugDescription)")
        try expect((1...64).contains(address.localPart.utf8.count), "the local part of \(text)")
        try expect((1...255).contains(address.domain.utf8.count), "the domain of \(text)")
        try expect(EmailAddress(mailbox: text) == address, "another reading of \(text)")
    }

    /// No control character, in ASCII or beyond, and no line end of Unicode.
    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 32 && !(0x7F...0x9F).contains(scalar.value) && scalar.value != 0x2028 && scalar.value != 0x2029
        }
    }
}
