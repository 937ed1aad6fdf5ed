import GatewayTestKit
import Glibc
import Mail

@testable import DSN

/// Messages to tell of, always of the same moment.
enum Sample {
    static let received = Timestamp(rfc3339: "2026-11-21T22:00:00Z")!
    static let now = Timestamp(rfc3339: "2026-11-22T02:10:00Z")!
    static let id = QueueID.first(at: now)
    static let sender = EmailAddress(localPart: "anna", domain: "example.com")
    static let letter = "From: anna@example.com\r\nSubject: a question\r\nMessage-ID: <1@example.com>\r\n\r\nHow are you?\r\n"

    static func message(_ text: String = letter, to addresses: [String]) -> StoredMessage { message(Array(text.utf8), to: addresses) }

    static func message(_ bytes: [UInt8], to addresses: [String]) -> StoredMessage {
        StoredMessage(
            queueID: QueueID.first(at: received), receivedAt: received, reversePath: .address(sender), is8BitMIME: false, isSMTPUTF8: false,
            role: .outbound, sessionJSON: "{}", region: Region(copying: bytes), size: bytes.count,
            recipients: addresses.enumerated().map { index, address in
                StoredRecipient(
                    index: index, address: EmailAddress(unchecked: address)!, policyDomain: "example.com", state: .queued, addedHeaders: "",
                    nextAttempt: received)
            })
    }

    /// All of its recipients with the same outcome.
    static func compose(
        _ message: StoredMessage, _ action: NotifiedAction = .failed, _ outcome: DeliveryOutcome = refused,
        nextHop: String = "mail.example.net[192.0.2.1]:25", retriesUntil: Timestamp? = nil, to sender: EmailAddress = sender
    ) -> StatusNotification.Composed {
        let told = message.recipients.map { NotifiedRecipient($0, action, outcome, nextHop: nextHop, retriesUntil: retriesUntil) }
        return StatusNotification(about: message, to: sender, told, hostname: "mx.gateway.example").composed(as: id, at: now)
    }

    static let refused = DeliveryOutcome.bounced(
        DeliveryFailure(reply: Reply(.unknownRecipient, "No such user here"), detail: "in reply to RCPT"))
    static let silent = DeliveryOutcome.deferred(
        DeliveryFailure(detail: "connect to mail.example.net[192.0.2.1]:25: connection refused", isNextHopsFault: true))

    static func text(_ composed: StatusNotification.Composed) -> String { String(decoding: composed.region.bytes, as: UTF8.self) }

    /// What Python's email package makes of it: a line per finding.
    static func parsed(_ composed: StatusNotification.Composed) throws -> [String] {
        var template = Array("/tmp/postern-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { return ["no folder"] }
        let folder = String(cString: made)
        defer { for name in ["/m", "/s", "/o", ""] { remove(folder + name) } }
        try write(Array(composed.region.bytes), folder + "/m")
        try write(Array(script.utf8), folder + "/s")
        let python = try ChildProcess("/usr/bin/env", ["python3", folder + "/s", folder + "/m"], output: folder + "/o")
        _ = python.wait(seconds: 120)
        return try read(folder + "/o").split(separator: "\n").map(String.init)
    }

    private static let script = """
        import email, email.policy, sys
        m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
        def show(m, depth=0):
            for d in m.defects: print('DEFECT', repr(d))
            print('type', m.get_content_type())
            for part in (m.iter_parts() if m.get_content_maintype() == 'multipart' else []):
                show(part, depth + 1)
            if m.get_content_type().endswith('delivery-status'):
                blocks = m.get_payload()
                if m.get_content_type() != 'message/delivery-status':
                    # Read as a message: the first block is its header, the others its body.
                    blocks = [email.message_from_string(b) for b in blocks[0].as_bytes().decode().replace('\\r', '').strip().split('\\n\\n')]
                for block in blocks:
                    for d in block.defects: print('DEFECT', repr(d))
                    for k, v in block.items(): print(f'{k}: {" ".join(v.split())}')
            if m.get_content_type() in ('text/plain', 'text/rfc822-headers'): print('text', ascii(m.get_payload(decode=True).decode('utf-8', 'replace'))[:300])
            if m.get_content_type() == 'message/rfc822': print('whole', ascii(m.get_payload()[0].as_string())[:300])
        for k in ('From', 'To', 'Subject', 'Auto-Submitted', 'Message-ID'): print(f'{k}: {m[k]}')
        print('report', m.get_param('report-type'))
        show(m)
        """

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        guard let file = fopen(path, "w") else { throw ChildProcess.Failure(path) }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw ChildProcess.Failure(path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Compares with Golden/NAME.eml; writes what came instead beside it.
    static func differs(_ composed: StatusNotification.Composed, from name: String) throws -> Bool {
        let place = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/" + name
        if (try? read(place + ".eml")) == text(composed) { return false }
        try write(Array(composed.region.bytes), place + ".actual.eml")
        return true
    }
}
