import Mail
import NIOSSL
import Synchronization

/// The certificates of a listener and what it agrees to, read anew when the files change. Sessions under way keep what they began with.
public final class ServerTLS: Sendable {
    /// What `reload` found. Each certificate by itself: a bad one does not keep a good one from being renewed.
    public struct Reload: Equatable, Sendable {
        /// Files of certificates that are in force from now on.
        public var renewed: [String] = []
        /// Why new files were not taken, told once per change (`problems` tells it on). The old ones stay in force.
        public var refused: [String] = []

        public var isNothing: Bool { renewed.isEmpty && refused.isEmpty }
    }

    private struct State: Sendable {
        var pairs: [CertificatePair]
        /// What was in the files when they were last looked at; nil: they could not be read.
        var seen: [CertificatePair.Content?]
        /// Why what is in the files is not in force.
        var problems: [String?]
        var context: NIOSSLContext
    }

    public let policy: ServerTLSPolicy
    private let state: Mutex<State>
    /// One look at the files at a time: a slow one must not bring back what it read before a quicker one.
    private let looking = Mutex<Void>(())

    /// Reads the files: not on an event loop. Throws `ReceiveFailure` with the name of the file.
    public init(_ policy: ServerTLSPolicy) throws {
        self.policy = policy
        let seen = try policy.certificates.map { try CertificatePair.Content($0) }
        let pairs = try zip(seen, policy.certificates).map { try CertificatePair($0, $1) }
        state = Mutex(State(pairs: pairs, seen: seen, problems: pairs.map { _ in nil }, context: try Self.context(policy, pairs)))
    }

    /// One certificate, and otherwise what is preset.
    public convenience init(certificate: String, key: String) throws {
        try self.init(ServerTLSPolicy(certificates: [.init(certificate: certificate, key: key)]))
    }

    /// For one handshake; asked anew for each. Any thread.
    public var context: NIOSSLContext { state.withLock { $0.context } }

    /// Those in force.
    public var certificates: [CertificateFacts] { state.withLock { $0.pairs.map(\.facts) } }

    /// Why what is in the files now is not in force.
    public var problems: [(files: ServerTLSPolicy.Files, text: String)] {
        state.withLock { state in zip(policy.certificates, state.problems).compactMap { files, text in text.map { (files, $0) } } }
    }

    /// Looks at the files and takes what is new and good. Any thread but an event loop.
    public func reload() -> Reload { looking.withLock { _ in look() } }

    private func look() -> Reload {
        // Read outside the state's lock: handshakes wait for that.
        let found = policy.certificates.map { files in
            Result { () throws(ReceiveFailure) in try CertificatePair.Content(files) }
        }
        return state.withLock { state in
            var result = Reload()
            var pairs = state.pairs
            for (index, files) in policy.certificates.enumerated() {
                let content = try? found[index].get()
                guard content != state.seen[index] else { continue }
                state.seen[index] = content
                do throws(ReceiveFailure) {
                    pairs[index] = try CertificatePair(try found[index].get(), files)
                    state.problems[index] = nil
                    result.renewed.append(files.certificate)
                } catch {
                    let problem = "\(error); the old one stays in force"
                    state.problems[index] = problem
                    result.refused.append(problem)
                }
            }
            guard !result.renewed.isEmpty else { return result }
            do {
                state.context = try Self.context(policy, pairs)
                state.pairs = pairs
            } catch {
                result = Reload(refused: result.refused + ["\(error); the old ones stay in force"])
            }
            return result
        }
    }

    private static func context(_ policy: ServerTLSPolicy, _ pairs: [CertificatePair]) throws -> NIOSSLContext {
        precondition(!pairs.isEmpty && !policy.suites.isEmpty, "a TLS policy without certificates or ciphers")
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pairs[0].chain.map { .certificate($0) }, privateKey: .privateKey(pairs[0].key))
        configuration.minimumTLSVersion = version(policy.least)
        configuration.maximumTLSVersion = version(policy.most)
        configuration.cipherSuites = policy.suites.map(\.rawValue).joined(separator: ":")
        if pairs.count > 1 {
            let names = CertificateNames(pairs.map(\.facts.names))
            let overrides = pairs.map(\.override)
            configuration.sslContextCallback = { hello, promise in
                let index = names.index(for: hello.serverHostname)
                promise.succeed(index == 0 ? .noChanges : overrides[index])
            }
        }
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw ReceiveFailure("the TLS library does not take the certificates (\(error))")
        }
    }

    private static func version(_ version: ServerTLSPolicy.Version) -> TLSVersion {
        switch version {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}
