import Foundation
import PosternKit
import Testing

@testable import RBL

private let folder = (ProcessInfo.processInfo.environment["POSTERN_TESTDATA"] ?? "../shared/data") + "/dnsbl"
private let isThere = FileManager.default.fileExists(atPath: folder)

/// Query names and answers collected from RFC 5782 and from public lists, where the test data is there.
@Suite(.enabled(if: isThere, "no test data: set POSTERN_TESTDATA"))
struct PublishedVectorTests {
    static func rows(_ name: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
        return try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    @Test func queryNames() throws {
        var checked = 0
        for row in try Self.rows("query-vectors.json") {
            guard let kind = row["kind"] as? String, kind.hasPrefix("ip"), let input = row["input"] as? String,
                let name = row["zone"] as? String
            else { continue }
            let client = Network.unmapped(try #require(Network.octets(input), "\(input)"))
            #expect(Zone(name: name, symbol: "", codes: []).question(for: client) == row["query"] as? String)
            checked += 1
        }
        #expect(checked > 20)
    }

    @Test func returnCodes() throws {
        var checked = 0
        for row in try Self.rows("return-codes.json") where row["matcher"] as? String == "literal" {
            guard let text = row["answer"] as? String, let octets = Network.octets(text) else { continue }
            let answer = DNSAnswer(.found, records: [octets])
            let code = octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            if let range = CodeRange(text) {
                let zone = Zone(name: "z", symbol: "RBL_Z", codes: [.init(code: range, weight: 3)])
                #expect(Listing(answer, of: zone) == .listed(codes: [code], weight: 3), "\(text)")
            } else {
                // Only what lists report errors with, or what is no list's answer at all.
                #expect(text.hasPrefix("127.255.255.") || !text.hasPrefix("127."), "\(text)")
                let zone = Zone(name: "z", symbol: "RBL_Z", codes: [.init(code: CodeRange("*")!, weight: 3)])
                guard case .unknown = Listing(answer, of: zone) else { return #expect(Bool(false), "\(text)") }
            }
            checked += 1
        }
        #expect(checked > 50)
    }

    @Test func meanings() throws {
        let zone = Zone(name: "z", symbol: "RBL_Z", codes: [.init(code: CodeRange("*")!, weight: 1)])
        var checked = 0
        for row in try Self.rows("rfc5782-rules.json") {
            guard let verdict = row["verdict"] as? String, let answers = row["zone_answers"] as? [String: Any], answers.count == 1,
                let value = answers.values.first
            else { continue }
            let texts = value as? [String] ?? [value as? String ?? ""]
            let answer =
                texts == ["SERVFAIL"]
                ? DNSAnswer(.failed, detail: "SERVFAIL") : DNSAnswer(.found, records: texts.compactMap { Network.octets($0) })
            switch Listing(answer, of: zone) {
            case .unknown: #expect(verdict.contains("not listed") || verdict.contains("unknown"), "\(row)")
            case .listed(let codes, _): #expect(verdict == "listed with both codes" && codes.count == 2, "\(row)")
            case .clean: #expect(Bool(false), "\(row)")
            }
            checked += 1
        }
        #expect(checked == 4)
    }
}
