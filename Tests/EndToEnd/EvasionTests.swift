import Foundation
import Testing

/// Messages that hide a virus from scanners and show it to readers (POSTERN_TESTDATA), judged by the installed binary with clamav in its worker.
@Suite(.serialized) struct EvasionTests {
    private static let folder = (ProcessInfo.processInfo.environment["POSTERN_TESTDATA"] ?? "") + "/mime-evasion-noxxi"

    private static var isThere: Bool {
        guard Tool.isStaged, FileManager.default.fileExists(atPath: "\(Tool.stage)/plugins/clamav.so") else { return false }
        if FileManager.default.fileExists(atPath: folder + "/index.tsv") { return true }
        print("skipped: \(folder) is not there")
        return false
    }

    private struct Row {
        var file: String
        var kind: String
        /// 3: valid; 0: broken.
        var validity: Int
        var payload: String
    }

    private static func rows() throws -> [Row] {
        let index = try String(contentsOfFile: folder + "/index.tsv", encoding: .utf8)
        return index.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count > 3, FileManager.default.fileExists(atPath: folder + "/" + fields[0]) else { return nil }
            return Row(file: fields[0], kind: fields[1], validity: Int(fields[2]) ?? 0, payload: fields[3])
        }
    }

    private static let gaps: Set<String> = ["malformed", "ambiguous", "truncated", "limit-hit"]

    @Test(.enabled(if: isThere)) func nothingHiddenIsTakenForClean() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        let database = gateway.folder.path + "/db"
        try FileManager.default.createDirectory(atPath: database, withIntermediateDirectories: true)
        let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!", "$H+H*"].joined()
        let signature = "Eicar-Test:0:*:" + eicar.utf8.map { String(format: "%02x", $0) }.joined() + "\n"
        try signature.write(toFile: database + "/a.ndb", atomically: true, encoding: .utf8)
        for path in [gateway.folder.path, database, database + "/a.ndb"] { chmod(path, 0o755) }
        try gateway.writeDomain("filters: [{clamav: {database: \(database), timeout: 300s}}]\nthresholds: {}")

        let rows = try Self.rows()
        try #require(rows.count > 200)
        let result = try Tool.run(
            [Tool.postern, "scan", "--json", "--config", gateway.configuration, "--to", "b@example.com"]
                + rows.map { Self.folder + "/" + $0.file })
        #expect(result.status == 0, "\(result.errors)")
        let lines = try result.output.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        try #require(lines.count == rows.count)
        var infected = 0
        var told = 0
        for (row, line) in zip(rows, lines) {
            let found = line["symbols"] as? [[String: Any]] ?? []
            let symbols = found.compactMap { $0["name"] as? String }
            let parts = line["parts"] as? [[String: Any]] ?? []
            let flags = Set(parts.flatMap { $0["flags"] as? [String] ?? [] })
            let names = parts.flatMap { $0["names"] as? [String] ?? [] }
            let isFlagged = !flags.isDisjoint(with: Self.gaps)
            if row.kind == "hide-content" {
                let isInfected = symbols.contains("VIRUS_EICAR_TEST")
                if isInfected { infected += 1 }
                let paths = parts.compactMap { $0["path"] as? String }.filter { !$0.isEmpty }
                if found.contains(where: { $0["part"].flatMap { $0 as? String }.map(paths.contains) ?? false }) { told += 1 }
                #expect(isInfected || isFlagged, "\(row.file) is taken for clean")
                if row.validity >= 2 { #expect(isInfected, "\(row.file)") }
            } else {
                // One is there to be read without a trick.
                let hidden = row.payload.hasSuffix(".png") ? "file.png" : "file.zip"
                #expect(names.contains(hidden) || isFlagged || flags.contains("ambiguous-name"), "\(row.file): \(names)")
            }
        }
        let hiding = rows.count { $0.kind == "hide-content" }
        print("of \(hiding) messages that hide a virus \(infected) are infected, the others flagged")
        #expect(infected > hiding * 3 / 4)
        #expect(told > infected * 3 / 4, "\(told) tell the part")
    }
}
