import Foundation
import NIOSSL

/// A self-signed certificate made by the `openssl` command, in a temporary folder of its own.
public struct TestCertificate: Sendable {
    public let folder: String
    public var certificateFile: String { folder + "/certificate.pem" }
    public var keyFile: String { folder + "/key.pem" }

    /// `names` as in subjectAltName: `DNS:localhost`, `IP:127.0.0.1`.
    public init(names: [String]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-certificate-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=postern test", "-addext", "subjectAltName=\(names.joined(separator: ","))", "-keyout", keyFile, "-out", certificateFile,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
    }

    public struct Failure: Error { public var status: Int32 }

    public func serverContext(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem)))
        change(&tls)
        return try NIOSSLContext(configuration: tls)
    }

    public func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
