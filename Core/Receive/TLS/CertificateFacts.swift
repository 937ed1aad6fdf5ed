import Mail
import NIOSSL

/// What an operator wants to know of a certificate in force.
public struct CertificateFacts: Hashable, Sendable {
    public var files: ServerTLSPolicy.Files
    /// Its dNSName entries, in lower case; wildcards as they stand.
    public var names: [String]
    public var notBefore: Timestamp
    public var notAfter: Timestamp

    /// How long before its end the operator is told.
    public static let notice = Duration.seconds(14 * 86_400)

    public init(files: ServerTLSPolicy.Files, names: [String], notBefore: Timestamp, notAfter: Timestamp) {
        self.files = files
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    init(files: ServerTLSPolicy.Files, _ certificate: NIOSSLCertificate) {
        let names = certificate._subjectAlternativeNames().compactMap { name in
            name.nameType == .dnsName ? name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self).lowercased() } : nil
        }
        self.init(
            files: files, names: names, notBefore: Timestamp(seconds: Int64(certificate.notValidBefore)),
            notAfter: Timestamp(seconds: Int64(certificate.notValidAfter)))
    }

    /// What is wrong with its times, for the operator; nil: nothing.
    public func warning(at now: Timestamp) -> String? {
        let subject = "certificate \(files.certificate)"
        let day = CivilTime(now < notBefore ? notBefore : notAfter).rfc3339.prefix(10)
        if now < notBefore { return "\(subject) is valid from \(day) only; check the clock, or renew it" }
        if now > notAfter { return "\(subject) expired on \(day); renew it" }
        if now > notAfter - Self.notice { return "\(subject) expires on \(day); renew it" }
        return nil
    }
}
