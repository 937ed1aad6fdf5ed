import Crypto
import Mail

/// A domain's policy as one short name: equal digests, equal policy. Receipts keep it.
enum PolicyDigest {
    /// The first 16 hex digits of SHA-256 over the effective content, defaults included, in canonical JSON.
    static func digest(_ policy: DomainPolicy) -> String {
        var digits = ""
        for byte in SHA256.hash(data: Array(content(policy).canonical.utf8)).prefix(8) {
            digits += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return digits
    }

    private static func content(_ policy: DomainPolicy) -> JSONValue {
        // What most domains do not have is left out, so that their digests stay as they are.
        var content: [String: JSONValue] = [
            "domain": .string(policy.domain),
            "aliases": .array(policy.aliases.sorted().map { .string($0) }),
            "deliver_to": nextHops(policy.deliverTo),
            "recipients": recipients(policy.recipients),
            "filters": .array(policy.filters.map { .array($0.map(slot)) }),
            "scores": .object(policy.scores.mapValues { .number($0) }),
            "thresholds": thresholds(policy.thresholds),
            "discards_rejected_copies": .bool(policy.discardsRejectedCopies),
            "mailboxes": .object(
                policy.mailboxes.mapValues { mailbox($0) }),
        ]
        if policy.addressExtension != "+" { content["address_extension"] = policy.addressExtension.map { .string($0) } ?? .null }
        if let outbound = policy.outbound {
            // Accounts are no policy: a changed password judges no message differently.
            content["outbound"] = .object([
                "deliver_to": outbound.deliverTo.isEmpty ? .string("mx \(outbound.mxTLS.rawValue)") : nextHops(outbound.deliverTo),
                "networks": .array(outbound.networks.map { .string("\($0)") }),
                "filters": .array(outbound.filters.map { .array($0.map(slot)) }),
                "scores": .object(outbound.scores.mapValues { .number($0) }),
                "thresholds": thresholds(outbound.thresholds),
            ])
        }
        return .object(content)
    }

    private static func mailbox(_ mailbox: MailboxPolicy) -> JSONValue {
        var content: [String: JSONValue] = ["thresholds": thresholds(mailbox.thresholds), "filters": .bool(mailbox.hasFilters)]
        if !mailbox.redirects.isEmpty {
            content["redirect"] = .array(mailbox.redirects.map { .string($0.description) })
            content["keep"] = .bool(mailbox.keepsRedirected)
        }
        return .object(content)
    }

    private static func nextHops(_ hops: [NextHop]) -> JSONValue {
        .array(
            hops.map { hop in
                var words: [JSONValue] = [
                    .string(hop.host), .integer(Int64(hop.port)), .integer(Int64(hop.preference)), .string(hop.tls.rawValue),
                ]
                if hop.isLMTP { words.append(.string("lmtp")) }
                if let files = hop.clientCertificate { words += [.string(files.certificate), .string(files.key)] }
                return .array(words)
            })
    }

    private static func recipients(_ recipients: RecipientPolicy) -> JSONValue {
        switch recipients {
        case .any: .string("any")
        case .list(let names): .array(names.sorted().map { .string($0) })
        case .callout(let callout):
            .object([
                "callout": .array(
                    [callout.positive, callout.negative, callout.timeout].map { .integer($0.microseconds) }
                        + [.string(callout.undetermined.rawValue)])
            ])
        }
    }

    private static func slot(_ slot: FilterSlot) -> JSONValue {
        .object([
            "name": .string(slot.name), "plugin": .string(slot.plugin), "enabled": .bool(slot.isEnabled), "settings": slot.settings,
            "on_error": .string(slot.onError.rawValue), "on_timeout": .string(slot.onTimeout.rawValue),
            "on_crash": .string(slot.onCrash.rawValue), "required": .bool(slot.isRequired),
            "shadow": .bool(slot.isShadow),
            "timeout": slot.timeout.map { .integer($0.microseconds) } ?? .null,
        ])
    }

    private static func thresholds(_ thresholds: Thresholds) -> JSONValue {
        .array(
            [thresholds.tag, thresholds.quarantine, thresholds.defer, thresholds.discard, thresholds.reject].map {
                $0.map { .number($0) } ?? .null
            })
    }
}
