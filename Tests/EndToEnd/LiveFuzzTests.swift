import Foundation
import Testing

/// Broken SMTP over many connections: Tests/Fuzz/Live with a seed of its own, for some seconds. `make fuzz` goes on for longer.
@Suite(.serialized) struct LiveFuzzTests {
    @Test(.enabled(if: Tool.isStaged)) func theGatewayOutlivesBrokenClients() throws {
        let result = try Tool.run(["python3", Tool.tree + "/Tests/Fuzz/Live/live.py", "--seed", "1", "--connections", "400"], seconds: 300)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
}
