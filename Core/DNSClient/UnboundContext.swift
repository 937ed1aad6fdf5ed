/// A `ub_ctx`, set up and finalized, so that every mistake in the options shows at start. After `init` for one thread only.
import CUnbound
import Glibc
import Mail
import Synchronization

final class UnboundContext {
    let pointer: OpaquePointer

    /// libunbound's log is one for the process: it is borrowed while a context is set up.
    private static let logLock = Mutex(())

    init(_ options: UnboundOptions) throws(ResolverSetupError) {
        let result = Self.logLock.withLock { _ in Result { () throws(ResolverSetupError) in try Self.make(options) } }
        pointer = try result.get()
    }

    /// Ends libunbound's own thread; no callback comes any more.
    deinit { ub_ctx_delete(pointer) }

    private static func make(_ options: UnboundOptions) throws(ResolverSetupError) -> OpaquePointer {
        guard let context = ub_ctx_create() else {
            throw ResolverSetupError("dns: libunbound gives no context: out of memory or descriptors")
        }
        var text: UnsafeMutablePointer<CChar>?
        var length = 0
        let log = open_memstream(&text, &length)
        ub_ctx_debugout(context, log)
        let configured = Result { () throws(ResolverSetupError) in try configure(context, options) }
        // While mail flows libunbound says nothing: what matters is in the answers.
        ub_ctx_debugout(context, nil)
        if let log { fclose(log) }
        defer { free(text) }
        do {
            try configured.get()
            return context
        } catch {
            ub_ctx_delete(context)
            throw ResolverSetupError(error.text + readable(log: text.map { String(cString: $0) } ?? ""))
        }
    }

    private static func configure(_ context: OpaquePointer, _ options: UnboundOptions) throws(ResolverSetupError) {
        for (name, value) in settings(options) {
            let code = ub_ctx_set_option(context, name, value)
            if code != 0 { throw ResolverSetupError("dns: libunbound refuses \(name) \(value): \(String(cString: ub_strerror(code)))") }
        }
        for server in options.forward {
            guard let address = UnboundOptions.forwarder(server), ub_ctx_set_fwd(context, address) == 0 else {
                throw ResolverSetupError("dns.forward: \"\(server)\" is no server: write ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT")
            }
        }
        for anchor in options.trustAnchors {
            if anchor.utf8.contains(where: { $0 == 0 || $0 == 10 }) || ub_ctx_add_ta(context, anchor) != 0 {
                throw ResolverSetupError("dns: the trust anchor \"\(anchor)\" is no DS or DNSKEY record")
            }
        }
        for file in options.trustAnchorFiles where access(file, R_OK) != 0 {
            throw ResolverSetupError("dns: trust anchor file \(file): \(String(cString: strerror(errno)))")
        }
        for file in options.trustAnchorFiles where ub_ctx_add_ta_file(context, file) != 0 {
            throw ResolverSetupError("dns: libunbound refuses the trust anchor file \(file)")
        }
        ub_ctx_async(context, 1)
        // Finalizes the context, which reads the anchors. Where there is a forwarder, it alone says what is below "test".
        let code = ub_ctx_zone_remove(context, options.forward.isEmpty ? "postern.invalid." : "test.")
        if code != 0 { throw ResolverSetupError("dns: \(String(cString: ub_strerror(code)))") }
    }

    private static func settings(_ options: UnboundOptions) -> [(String, String)] {
        let share = max(options.cacheBytes, 1 << 20) / 8
        var out = [
            ("do-not-query-localhost:", "no"),
            // A server that came back is noticed by a probe, not after fifteen minutes.
            ("infra-keep-probing:", "yes"),
            ("outgoing-range:", String(max(options.sockets, 1))),
            ("num-queries-per-thread:", String(max(options.questions, 1))),
            ("outgoing-num-tcp:", "64"),
            ("rrset-cache-size:", String(share * 4)),
            ("msg-cache-size:", String(share * 2)),
            ("key-cache-size:", String(share)),
            ("neg-cache-size:", String(share)),
        ]
        // Private reverse zones: the forwarder may know them; the root must not be asked.
        if !options.forward.isEmpty { out += [("unblock-lan-zones:", "yes"), ("insecure-lan-zones:", "yes")] }
        return out
    }

    /// libunbound's lines without their stamps: `: first; second`.
    private static func readable(log: String) -> String {
        let lines = log.split(separator: "\n").prefix(4).map { line in
            var rest = line
            if let end = rest.firstIndex(of: "]"), let stamp = rest[end...].dropFirst().firstIndex(of: "]") {
                rest = rest[rest.index(after: stamp)...].drop { $0 == " " || $0 == ":" }
            }
            return String(rest.prefix(200))
        }
        return lines.isEmpty ? "" : ": " + lines.joined(separator: "; ")
    }
}
