import Foundation

/// A temporary folder with databases made for a test. Removed with the last reference.
final class ScanFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "postern-clamav-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/db", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/db" }

    /// Replaced by renaming, as freshclam does.
    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path + "/new", atomically: false, encoding: .utf8)
        guard rename(path + "/new", path + "/" + name) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// The harmless file that every scanner knows, in pieces so that this file is not it.
    static let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + "$H+H*"
    /// By its MD5, by its SHA-256, by its bytes.
    static let byMD5 = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-MD5\n"
    static let bySHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f:68:Eicar-SHA256\n"
    static var byBytes: String { "Eicar-Bytes:0:*:" + eicar.utf8.map { String(format: "%02x", $0) }.joined() + "\n" }
    /// The file of 544 bytes that all of clamav-testfiles hold.
    static let testFile = "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n"

    static func message(attaching bytes: [UInt8], name: String = "a.bin", first: String = "From: a@sender.example") -> [UInt8] {
        let base64 = Data(bytes).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
        let head = """
            \(first)
            To: b@example.com
            Subject: with an attachment
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="next"

            --next
            Content-Type: text/plain

            Please see the attachment.
            --next
            Content-Type: application/octet-stream; name="\(name)"
            Content-Transfer-Encoding: base64
            Content-Disposition: attachment; filename="\(name)"


            """
        return Array((head.replacing("\n", with: "\r\n") + base64 + "\r\n--next--\r\n").utf8)
    }

    static let infected = message(attaching: Array(eicar.utf8))
    static let clean = message(attaching: Array("nothing to see".utf8))
}
