/// Asking a resolver, as a test wants it.
import DNSClient
import Mail
import Testing

extension Resolver {
    /// One answer, awaited.
    func ask(_ name: String, _ type: DNSType) async -> DNSAnswer {
        await withCheckedContinuation { continuation in
            resolve(DNSQuestion(name, type)) { continuation.resume(returning: $0) }
        }
    }
}

extension DNSAnswer {
    /// The records, decoded.
    func data(_ type: DNSType) -> [ResourceData?] { records.map { ResourceData(type, $0) } }
}
