import Foundation
import GatewayTestKit
import Testing

/// The configuration that users start from is one that `postern check` takes, and the example filters do what they say.
struct ExampleTests {
    @Test(.enabled(if: Tool.isStaged)) func linksThatShowAnotherHost() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort(), domain: "filters: [links-c]")
        let links = [
            ("https://pay.example/login", "https://Bank.example/login", "shows Bank.example, leads to pay.example"),
            ("https://pay.example", "www.bank.example", "shows bank.example, leads to pay.example"),
            ("https://track.bank.example/?to=1", "https://bank.example/", nil), ("https://bank.example/", "www.bank.example", nil),
            ("https://pay.example", "to the bank", nil),
            ("//bank.example.pay.example", "http://bank.example", "shows bank.example, leads to bank.example.pay.example"),
            ("https://pay.example", "<img src=x>", nil), ("mailto:a@pay.example", "www.bank.example", nil),
        ]
        let files = try links.enumerated().map { number, link in
            let file = gateway.folder.path + "/\(number).eml"
            let page = "<a href='\(link.0)'>\(link.1)</a>"
            try "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n\(page)\r\n".write(
                toFile: file, atomically: true, encoding: .utf8)
            return file
        }
        let result = try Tool.run([Tool.postern, "scan", "--json", "--config", gateway.configuration, "--to", "b@example.com"] + files)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == links.count)
        for (link, line) in zip(links, lines) {
            let scan = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let symbols = scan?["symbols"] as? [[String: Any]] ?? []
            #expect(symbols.map { $0["detail"] as? String } == (link.2.map { [$0] } ?? []), "\(link): \(line)")
        }
    }

    /// What a filter names as its evidence tells the part, from either home.
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func theSecondPartHasTheLink(_ home: String) throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort(), domain: "filters: [{links-c: {home: \(home)}}]")
        let file = gateway.folder.path + "/a.eml"
        let lines = [
            "Subject: x", "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", "plain", "--b",
            "Content-Type: text/html", "Content-Transfer-Encoding: quoted-printable", "",
            "<a href=3D'https://pay.example'>www.bank.example</a>", "--b--", "",
        ]
        try lines.joined(separator: "\r\n").write(toFile: file, atomically: true, encoding: .utf8)
        let command = [Tool.postern, "scan", "--config", gateway.configuration, "--to", "b@example.com", file]
        let scan = try JSONSerialization.jsonObject(with: Data(Tool.run(command + ["--json"]).output.utf8)) as? [String: Any]
        let symbols = scan?["symbols"] as? [[String: Any]] ?? []
        #expect(symbols.map { $0["part"] as? String } == ["2"], "\(scan ?? [:])")
        #expect(try Tool.run(command).output.contains("shows bank.example, leads to pay.example (part 2)"))
    }

    @Test(.enabled(if: Tool.isStaged)) func theExampleConfigurationIsGood() throws {
        let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("examples/configuration").path
        let folder = try TemporaryFolder()
        let copy = folder.path + "/config"
        try FileManager.default.copyItem(atPath: examples, toPath: copy)
        let file = copy + "/postern.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let here = text.replacingOccurrences(of: "/usr/local/lib/postern/plugins", with: Tool.stage + "/plugins")
        #expect(here != text)
        try here.write(toFile: file, atomically: true, encoding: .utf8)
        let result = try Tool.run([Tool.postern, "check", "--config", copy])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
