/// Signs a zone with a key of its own (ldns-signzone), for tests of DNSSEC.
import Foundation

public enum ZoneSigner {
    public struct Signed {
        /// The signed zone file.
        public var text: String
        /// The zone's DNSKEY record on one line: what a validator takes as trust anchor.
        public var trustAnchor: String
    }

    /// ECDSA P-256 with NSEC3, valid for a month from now.
    public static func sign(_ origin: String, _ text: String) throws -> Signed {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sign-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try text.write(to: directory.appendingPathComponent("zone"), atomically: false, encoding: .utf8)
        let key = try run("/usr/bin/ldns-keygen", ["-a", "ECDSAP256SHA256", "-k", origin], in: directory)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = try run("/usr/bin/ldns-signzone", ["-n", "-f", "signed", "zone", key], in: directory)
        func read(_ name: String) throws -> String { try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8) }
        return Signed(
            text: try read("signed"), trustAnchor: String(try read("\(key).key").split(separator: "\n")[0].split(separator: ";")[0]))
    }

    private static func run(_ path: String, _ arguments: [String], in directory: URL) throws -> String {
        let output = directory.appendingPathComponent("output-\(UUID().uuidString)").path
        let status = try ChildProcess(path, arguments, directory: directory.path, output: output).wait(seconds: 30)
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard status == 0 else { throw ChildProcess.Failure("\(path) \(arguments): \(text)") }
        return text
    }
}
