import Foundation
import NIOSSL

/// A self-signed certificate made by the `openssl` command, in a temporary folder of its own.
public struct TestCertificate: Sendable {
    public let folder: String
    public var certificateFile: String { folder + "/certificate.pem" }
    public var keyFile: String { folder + "/key.pem" }

    public enum Kind: Sendable { case ec, rsa }

    /// `names` as in subjectAltName: `DNS:localhost`, `IP:127.0.0.1`.
    public init(names: [String], kind: Kind = .ec, days: Int = 2) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-certificate-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        let newKey = kind == .ec ? ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : ["-newkey", "rsa:2048"]
        let process = try ChildProcess(
            "/usr/bin/openssl",
            ["req", "-x509"] + newKey + [
                "-nodes", "-days", "\(days)", "-subj", "/CN=postern test", "-addext", "subjectAltName=\(names.joined(separator: ","))",
                "-keyout", keyFile, "-out", certificateFile,
            ])
        let status = process.wait(seconds: 60) ?? -1
        guard status == 0 else { throw Failure(status: Int32(status)) }
    }

    public struct Failure: Error { public var status: Int32 }

    public func serverContext(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem)))
        change(&tls)
        return try NIOSSLContext(configuration: tls)
    }

    /// Takes the other's files under its own names, each in one step, as renewals do.
    public func replace(from other: TestCertificate, certificate: Bool = true, key: Bool = true) throws {
        for (from, to, isWanted) in [(other.certificateFile, certificateFile, certificate), (other.keyFile, keyFile, key)] where isWanted {
            try FileManager.default.copyItem(atPath: from, toPath: to + ".new")
            guard rename(to + ".new", to) == 0 else { throw Failure(status: errno) }
        }
    }

    public func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
