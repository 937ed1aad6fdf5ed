import CPostern
import Mail

/// What a run has found so far, checked against the manifest as it comes. Everything a plugin passes is copied and bounded. On the run's
/// loop.
public final class VerdictDraft {
    /// What a plugin is held to; made once per plugin.
    public struct Rules: Sendable {
        public var symbols: DeclaredSymbols
        public var rights: Set<FilterManifest.Right>

        public init(_ manifest: FilterManifest) {
            symbols = DeclaredSymbols(manifest)
            rights = manifest.rights
        }
    }

    /// An attempt at what the manifest does not declare, or past a limit. The raw value labels the metric.
    public enum Offence: String, Sendable, CaseIterable {
        case symbol = "undeclared-symbol"
        case right = "undeclared-right"
        case egress = "undeclared-egress"
        case invalid = "invalid-result"
        case flood
    }

    public enum Most {
        public static let symbols = 256
        public static let proposals = 32
        public static let headers = 32
        public static let nameBytes = 64
        public static let detailBytes = 512
        public static let replyBytes = 400
        /// So that name, value and CR LF fit the 998 of RFC 5322.
        public static let headerBytes = 900
        public static let maskWords = 1024
        public static let pathBytes = 512
        public static let requirements = 16
        public static let routeNames = 32
    }

    public private(set) var symbols: [Symbol] = []
    public private(set) var proposals: [Proposal] = []
    public private(set) var requirements: [RouteRequirement] = []
    /// Set by `fail`.
    public private(set) var failure: String?
    public private(set) var offences: [Offence] = []
    /// The first few, in words.
    public private(set) var notes: [String] = []
    let rules: Rules
    let scope: RecipientSet
    /// Who only observes finds nothing, and there is nothing to find in a way or a server.
    let phase: Phase
    private var headers = 0
    private let content: MessageContent?

    public init(_ call: borrowing FilterCall, _ rules: Rules) {
        self.rules = rules
        scope = call.phase.isEdge ? .all : call.recipients
        phase = call.phase
        content = call.message?.content
    }

    /// The C view of this draft; the caller keeps it for the run.
    public static func builder(_ draft: VerdictDraft) -> postern_verdict_builder {
        postern_verdict_builder(
            size: UInt32(MemoryLayout<postern_verdict_builder>.size), reserved: 0, context: Unmanaged.passUnretained(draft).toOpaque(),
            add_symbol: { builder, name, factor, detail, evidence, mask in
                VerdictDraft.with(builder) { $0.addSymbol(name, factor, detail, evidence?.pointee, mask) }
            },
            propose: { builder, action, code, subject, detail, text, mask in
                VerdictDraft.with(builder) { $0.propose(action, code, subject, detail, text, mask) }
            },
            add_header: { builder, name, value, mask in VerdictDraft.with(builder) { $0.addHeader(name, value, mask) } },
            fail: { builder, text in
                VerdictDraft.with(builder) {
                    $0.failure = text.text(upTo: Most.detailBytes)
                    return POSTERN_OK
                }
            },
            require: { builder, requirement in VerdictDraft.with(builder) { $0.require(requirement) } })
    }

    private static func with(
        _ builder: UnsafeMutablePointer<postern_verdict_builder>?, _ body: (VerdictDraft) -> postern_status
    ) -> postern_status {
        guard let context = builder?.pointee.context else { return POSTERN_INVALID }
        return Unmanaged<VerdictDraft>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
    }

    private func addSymbol(
        _ name: postern_bytes, _ factor: Double, _ detail: postern_bytes, _ evidence: postern_ref?, _ mask: UnsafePointer<postern_mask>?
    ) -> postern_status {
        if phase >= .route { return POSTERN_UNSUPPORTED }
        guard symbols.count < Most.symbols else { return offend(.flood, "more than \(Most.symbols) symbols", POSTERN_LIMIT) }
        let bytes = name.buffer
        guard !bytes.isEmpty, bytes.count <= Most.nameBytes, bytes.allSatisfy(DeclaredSymbols.allows), factor.isFinite, abs(factor) <= 1e6,
            let recipients = recipients(mask)
        else { return offend(.invalid, "a symbol with a bad name, factor or mask", POSTERN_INVALID) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let score = rules.symbols.score(of: text) else { return offend(.symbol, "undeclared symbol \(text)", POSTERN_FORBIDDEN) }
        symbols.append(
            Symbol(
                name: text, factor: factor, defaultScore: score, detail: detail.text(upTo: Most.detailBytes), part: part(of: evidence),
                recipients: recipients))
        return POSTERN_OK
    }

    /// The part that the bytes are of. What is no piece of the message is of none.
    private func part(of evidence: postern_ref?) -> String {
        guard let content, let evidence, evidence.length > 0, let start = Int(exactly: evidence.offset),
            let count = Int(exactly: evidence.length), case (let end, false) = start.addingReportingOverflow(count)
        else { return "" }
        return content.part(of: ContentRef(region: Int(evidence.region), start..<end)).map { self.part(at: $0.path) } ?? ""
    }

    /// A worker's word is held against the message as the gateway has it.
    func part(at path: String) -> String {
        guard let content, !path.isEmpty, path.utf8.count <= Most.pathBytes, content.parts.contains(where: { $0.path == path }) else {
            return ""
        }
        return path
    }

    private func propose(
        _ action: UInt32, _ code: UInt32, _ subject: UInt32, _ detail: UInt32, _ text: postern_bytes, _ mask: UnsafePointer<postern_mask>?
    ) -> postern_status {
        if !Self.mayPropose(in: phase, isReply: action == POSTERN_REJECT || action == POSTERN_DEFER) { return POSTERN_UNSUPPORTED }
        guard proposals.count - headers < Most.proposals else {
            return offend(.flood, "more than \(Most.proposals) proposals", POSTERN_LIMIT)
        }
        func reply(_ codes: ClosedRange<UInt32>) -> Reply? {
            guard codes.contains(code), subject <= 999, detail <= 999 else { return nil }
            let line = text.buffer.prefix(Most.replyBytes).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
            return Reply(ReplyStatus(Int(code), Int(subject), Int(detail)), String(decoding: line, as: UTF8.self))
        }
        let right: FilterManifest.Right
        let proposed: ProposedAction?
        switch action {
        case POSTERN_REJECT: (right, proposed) = (.reject, reply(500...599).map(ProposedAction.reject))
        case POSTERN_DEFER: (right, proposed) = (.defer, reply(400...499).map(ProposedAction.defer))
        case POSTERN_QUARANTINE: (right, proposed) = (.quarantine, .quarantine(reason: text.text(upTo: Most.detailBytes)))
        case POSTERN_DISCARD: (right, proposed) = (.discard, .discard(reason: text.text(upTo: Most.detailBytes)))
        default: return offend(.invalid, "an unknown action \(action)", POSTERN_INVALID)
        }
        guard rules.rights.contains(right) else { return offend(.right, "no right to \(right.rawValue)", POSTERN_FORBIDDEN) }
        guard let proposed, let recipients = recipients(mask) else {
            return offend(.invalid, "\(right.rawValue) with a bad code or mask", POSTERN_INVALID)
        }
        proposals.append(Proposal(proposed, recipients: recipients))
        return POSTERN_OK
    }

    private func addHeader(_ name: postern_bytes, _ value: postern_bytes, _ mask: UnsafePointer<postern_mask>?) -> postern_status {
        if phase >= .route { return POSTERN_UNSUPPORTED }
        guard rules.rights.contains(.addHeaders) else { return offend(.right, "no right to add-headers", POSTERN_FORBIDDEN) }
        guard headers < Most.headers else { return offend(.flood, "more than \(Most.headers) header fields", POSTERN_LIMIT) }
        let nameBytes = name.buffer
        guard Self.isHeader(name: nameBytes, value: value.buffer), value.length == value.buffer.count, let recipients = recipients(mask)
        else { return offend(.invalid, "a bad header field", POSTERN_INVALID) }
        headers += 1
        let field = ProposedAction.addHeader(
            name: String(decoding: nameBytes, as: UTF8.self), value: String(decoding: value.buffer, as: UTF8.self))
        proposals.append(Proposal(field, recipients: recipients))
        return POSTERN_OK
    }

    /// RFC 5322 section 2.2: printable, no colon; one line.
    static func isHeader(name: some Collection<UInt8>, value: some Collection<UInt8>) -> Bool {
        (1...Most.nameBytes).contains(name.count) && name.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
            && value.count <= Most.headerBytes && value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// `isReply`: to reject or defer, which is all that can be done about a way or a server.
    static func mayPropose(in phase: Phase, isReply: Bool) -> Bool { phase < .route || phase < .outcome && isReply }

    func append(_ symbol: Symbol) { symbols.append(symbol) }
    func append(_ proposal: Proposal) { proposals.append(proposal) }
    func append(_ requirement: RouteRequirement) { requirements.append(requirement) }

    private func recipients(_ mask: UnsafePointer<postern_mask>?) -> RecipientSet? {
        guard let mask else { return scope }
        guard let words = mask.pointee.words else { return scope }
        guard mask.pointee.count > 0 else { return RecipientSet.none }
        guard mask.pointee.count <= Most.maskWords else { return nil }
        return RecipientSet(words: UnsafeBufferPointer(start: words, count: Int(mask.pointee.count))).intersection(scope)
    }

    func offend(_ offence: Offence, _ note: String, _ status: postern_status) -> postern_status {
        self.note(offence, note)
        return status
    }

    func note(_ offence: Offence, _ text: String) {
        if offences.count < 1000 { offences.append(offence) }
        if notes.count < 4, !notes.contains(text) { notes.append(text) }
    }
}
