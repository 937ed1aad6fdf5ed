import Foundation
import GatewayTestKit
import Testing

/// The configuration that users start from is one that `postern check` takes.
struct ExampleTests {
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
