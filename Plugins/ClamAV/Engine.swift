import CClamAV
import PosternKit

/// A compiled database: scans from any number of threads at once, and is never changed.
final class Engine: @unchecked Sendable {
    // Sendable: libclamav's engines may be scanned with by many threads once they are compiled.
    private let engine: OpaquePointer
    private let options: cl_scan_options
    let signatures: Int
    /// Of memory, about.
    let bytes: Int

    /// Takes over `engine`.
    init(_ engine: OpaquePointer, options: cl_scan_options, signatures: Int, bytes: Int) {
        self.engine = engine
        self.options = options
        self.signatures = signatures
        self.bytes = bytes
    }

    deinit { cl_engine_free(engine) }

    enum Subject {
        /// A whole message in RFC 5322 form.
        case message
        /// What was taken out of one.
        case part(name: String?)
    }

    /// Adds what it finds. Throws when it could not look at it to the end, except for what limits explain: they are findings.
    /// - Parameter isCancelled: asked before each file that is inside; true ends the scan, which then throws.
    func scan(
        _ bytes: UnsafeRawBufferPointer, as subject: Subject, into report: inout ScanReport, isCancelled: @escaping () -> Bool
    ) throws(FilterError) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        var name: String?
        if case .part(let given) = subject { name = given }
        let type = try scan(cl_fmap_open_memory(start, bytes.count), name, into: &report, isCancelled)
        // libclamav knows mail by its first line. Where that is one that it does not know it would see text, and nothing inside: so it is
        // shown the message once more, below a line that it knows.
        if case .message = subject, type != "CL_TYPE_MAIL" {
            let prefixed = PrefixedMessage(bytes)
            try withExtendedLifetime(prefixed) { () throws(FilterError) in
                _ = try scan(prefixed.map(), nil, into: &report, isCancelled)
            }
        }
    }

    /// Closes `map`. Returns its type.
    private func scan(
        _ map: OpaquePointer?, _ name: String?, into report: inout ScanReport, _ isCancelled: @escaping () -> Bool
    ) throws(FilterError) -> String? {
        guard let map else { throw FilterError("libclamav cannot map the message") }
        defer { cl_fmap_close(map) }
        let context = ScanContext(isCancelled: isCancelled)
        var options = options
        var virus: UnsafePointer<CChar>?
        var scanned: UInt = 0
        let code = withExtendedLifetime(context) {
            cl_scanmap_callback(map, name, &virus, &scanned, engine, &options, Unmanaged.passUnretained(context).toOpaque())
        }
        if context.wasGivenUp { throw FilterError("the scan was given up") }
        for signature in context.signatures { report.add(signature) }
        switch code {
        case CL_CLEAN: break
        case CL_VIRUS: if let virus { report.add(String(cString: virus)) }
        case CL_EMAXREC, CL_EMAXSIZE, CL_EMAXFILES, CL_ETIMEOUT: report.add("Heuristics.Limits.Exceeded (\(LibClamAV.text(code)))")
        default:
            let more = context.lastMessage.map { ": " + $0 } ?? ""
            throw FilterError("libclamav could not scan: \(LibClamAV.text(code))\(more)")
        }
        return context.type
    }

    /// To be set before the engine is compiled.
    static func setCallbacks(_ engine: OpaquePointer) {
        cl_engine_set_clcb_virus_found(engine) { _, name, context in
            if let name { ScanContext.of(context)?.found(String(cString: name)) }
        }
        cl_engine_set_clcb_pre_cache(engine) { _, type, context in
            ScanContext.of(context)?.enter(type.map { String(cString: $0) } ?? "") ?? CL_CLEAN
        }
    }
}
