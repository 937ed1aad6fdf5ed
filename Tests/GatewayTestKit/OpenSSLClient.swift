import Foundation

/// `openssl s_client -starttls smtp`: a TLS client that is not ours.
public enum OpenSSLClient {
    public struct Handshake: Sendable {
        /// All that it printed.
        public var output: String
        /// The server's certificate, its subjectAltName.
        public var certificate: String?
        /// nil: there was no handshake.
        public var cipher: String?
        public var isComplete: Bool { cipher != nil }
    }

    public struct Failure: Error { public var output: String }

    /// `name`: what it asks for (SNI); nil: nothing. `arguments`: more of s_client's. With `isImplicit` TLS comes first.
    public static func handshake(port: Int, name: String? = nil, _ arguments: [String] = [], isImplicit: Bool = false) throws -> Handshake {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("postern-openssl-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let starttls = isImplicit ? [] : ["-starttls", "smtp"]
        let sni = name.map { ["-servername", $0] } ?? ["-noservername"]
        let output = try run(["s_client", "-connect", "127.0.0.1:\(port)", "-showcerts"] + starttls + sni + arguments, folder)
        // `New, (NONE), Cipher is (NONE)` where none came about.
        let line = output.split(separator: "\n").first { $0.hasPrefix("New, ") && !$0.contains("(NONE)") }
        let cipher = line?.components(separatedBy: "Cipher is ").last
        var seen = Handshake(output: output, certificate: nil, cipher: cipher)
        if let start = output.range(of: "-----BEGIN CERTIFICATE-----"), let end = output.range(of: "-----END CERTIFICATE-----") {
            let file = folder + "/certificate.pem"
            try (String(output[start.lowerBound..<end.upperBound]) + "\n").write(toFile: file, atomically: false, encoding: .utf8)
            seen.certificate = try run(["x509", "-in", file, "-noout", "-ext", "subjectAltName"], folder)
        }
        return seen
    }

    private static func run(_ arguments: [String], _ folder: String) throws -> String {
        let file = folder + "/output-\(UUID().uuidString)"
        let child = try ChildProcess("/usr/bin/openssl", arguments, output: file)
        defer { child.stop() }
        let status = child.wait(seconds: 60)
        let output = String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
        if status == nil { throw Failure(output: output) }
        return output
    }
}
