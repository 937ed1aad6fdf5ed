import Mail

/// The bytes of MAIL and RCPT.
extension ClientMachine {
    func sendUnlessPipelined(recipient index: Int) -> Action {
        guard let now = running, !now.isPipelined else { return .wait }
        var out: [UInt8] = []
        appendRecipient(now.transaction.recipients[index], to: &out)
        return .send(out)
    }

    /// nil: the address cannot be sent.
    func mailCommand(_ transaction: ClientTransaction) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(128)
        out += "MAIL FROM:<".utf8
        if case .address(let address) = transaction.reversePath {
            guard Self.isSendable(address.localPart, address.domain) else { return nil }
            Self.append(address, to: &out)
        }
        out += ">".utf8
        if capabilities.hasSize, !transaction.endsAfterRecipients { out += " SIZE=\(transaction.size)".utf8 }
        if transaction.is8BitMIME, capabilities.has8BitMIME { out += " BODY=8BITMIME".utf8 }
        if transaction.needsSMTPUTF8 { out += " SMTPUTF8".utf8 }
        if capabilities.hasDSN {
            if let returned = transaction.dsn.returned { out += " RET=\(returned.rawValue)".utf8 }
            if let id = transaction.dsn.envelopeID { out += " ENVID=\(XText.encode(id))".utf8 }
        }
        out += "\r\n".utf8
        return out
    }

    func appendRecipient(_ recipient: Recipient, to out: inout [UInt8]) {
        out += "RCPT TO:<".utf8
        Self.append(recipient.address, to: &out)
        out += ">".utf8
        if capabilities.hasDSN {
            if let notify = recipient.notify { out += " NOTIFY=\(Self.word(notify))".utf8 }
            if let original = recipient.originalRecipient, isParameter(original) { out += " ORCPT=\(original)".utf8 }
        }
        out += "\r\n".utf8
    }

    private static func word(_ notify: NotifyConditions) -> String {
        if notify.isEmpty { return "NEVER" }
        return [(NotifyConditions.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
            .filter { notify.contains($0.0) }.map(\.1).joined(separator: ",")
    }

    /// UTF-8 in a parameter is for a message that goes with SMTPUTF8 only (RFC 6533 section 3).
    private func isParameter(_ text: String) -> Bool {
        let most: UInt8 = running?.transaction.needsSMTPUTF8 == true ? 0xFF : 0x7E
        return !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 <= most }
    }

    private static func append(_ address: EmailAddress, to out: inout [UInt8]) {
        out += address.localPart.utf8
        // RFC 5321 section 4.1.1.3: `postmaster` alone has no domain.
        guard !address.domain.isEmpty else { return }
        out.append(UInt8(ascii: "@"))
        out += address.domain.utf8
    }

    /// No control characters: an address must never become a command of its own.
    static func isSendable(_ parts: String...) -> Bool {
        parts.allSatisfy { $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }
    }
}
