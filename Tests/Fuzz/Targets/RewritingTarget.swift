import Mail
import SMTP
import SRS

/// A rewritten reverse-path is an address, stands for whom it was made for, in any case, for its time, and for nobody after any change.
///
/// The bytes are an address, as a sender gives it in MAIL and as a bounce gives it in RCPT.
enum RewritingTarget {
    private static let srs = SenderRewriting(secrets: [Array("a secret of the first gateway".utf8)])
    private static let other = SenderRewriting(secrets: [Array("a secret of another gateway!".utf8)])
    private static let now = Timestamp(rfc3339: "2026-11-22T00:00:00Z")!
    private static let day = Duration.seconds(86_400)

    static func run(_ bytes: UnsafeRawBufferPointer) throws(Finding) {
        guard let input = FuzzInput(bytes) else { return }
        var random = input.choices
        let text = String(decoding: input.bytes, as: UTF8.self)
        // Whatever is asked for, nobody has made it here.
        if let asked = EmailAddress(unchecked: text) {
            if case .genuine(let sender) = srs.read(asked, on: now) { try expect(isMailbox(sender), "\(asked) stands for \(sender)") }
        }
        guard let sender = EmailAddress(mailbox: text), let path = srs.rewritten(sender, at: "our.example", on: now) else { return }
        try expect(isMailbox(path) && path.domain == "our.example", "\(sender) became \(path)")
        guard case .genuine(let found) = srs.read(path, on: now) else { throw Finding("\(path) is not known") }
        try expect(isMailbox(found), "\(path) stands for \(found)")
        let isChain = sender.localPart.utf8.count > 4 && ["SRS1=", "SRS1+", "SRS1-"].contains(upper(String(sender.localPart.prefix(5))))
        if !isChain { try expect(found.key == sender.key, "\(path) stands for \(found) instead of \(sender)") }
        if isChain, upper(String(path.localPart.prefix(5))) == "SRS1=" {
            // Rewritten as one of another server, it leads back to the first one.
            try expect(upper(String(found.localPart.prefix(4))) == "SRS0" || found.key == sender.key, "\(path) stands for \(found)")
        }
        for cased in [EmailAddress.folded(path.localPart), upper(path.localPart)] {
            guard case .genuine(let again) = srs.read(EmailAddress(localPart: cased, domain: "our.example"), on: now) else {
                throw Finding("\(cased) is not known")
            }
            try expect(upper(again.key) == upper(found.key), "\(cased) stands for \(again)")
        }
        if path.localPart.hasPrefix("SRS0") {
            try expect(isKnown(path, now + day * SenderRewriting.validDays), "\(path) ends too soon")
            try expect(!isKnown(path, now + day * (SenderRewriting.validDays + 1)), "\(path) never ends")
        }
        if case .genuine = other.read(path, on: now) { throw Finding("\(path) is known to another") }

        // One byte of it changed, behind the name and its separator.
        var changed = Array(path.localPart.utf8)
        let at = 5 + random.below(changed.count - 5)
        let byte = UInt8(33 + random.below(94))
        if lower(byte) == lower(changed[at]) { return }
        changed[at] = byte
        let forged = EmailAddress(localPart: String(decoding: changed, as: UTF8.self), domain: "our.example")
        try expect(!isKnown(forged, now), "\(forged) is taken for \(path)")
    }

    private static func isKnown(_ address: EmailAddress, _ time: Timestamp) -> Bool {
        if case .genuine = srs.read(address, on: time) { true } else { false }
    }

    private static func isMailbox(_ address: EmailAddress) -> Bool { EmailAddress(mailbox: address.description) == address }

    private static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }

    private static func upper(_ text: String) -> String {
        String(decoding: text.utf8.map { (97...122).contains($0) ? $0 & ~0x20 : $0 }, as: UTF8.self)
    }
}
