import Foundation
import Testing

/// What had its 250 is there after a power cut, after a kill, and after what a bad disk does: Tests/PowerCut. `make powercut` cuts at every sync.
@Suite(.serialized) struct PowerCutTests {
    /// Call by call: what counts as synced.
    @Test(.enabled(if: Tool.isStaged)) func theLayerKeepsWhatADiskWould() throws {
        let result = try Self.run("layer.py")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(.enabled(if: Tool.isStaged)) func aPowerCutTakesNothingThatWasAcknowledged() throws {
        let result = try Self.run("powercut.py", "--cuts", "12")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(.enabled(if: Tool.isStaged)) func aPowerCutTakesNothingThatFiltersRemember() throws {
        let result = try Self.run("state.py", "--cuts", "12")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let lied = try Self.run("state.py", "--cuts", "3", "--lies")
        #expect(lied.status == 1 && lied.output.contains("are missing"), "\(lied.output)\(lied.errors)")
    }

    /// As with `synchronous=OFF`: it shows that the test can fail.
    @Test(.enabled(if: Tool.isStaged)) func aDiskThatDoesNotSyncIsFoundOut() throws {
        let result = try Self.run("powercut.py", "--cuts", "3", "--lies")
        #expect(result.status == 1 && result.output.contains(" is missing"), "\(result.output)\(result.errors)")
    }

    @Test(.enabled(if: Tool.isStaged)) func aKillTakesNothingThatWasAcknowledged() throws {
        let result = try Self.run("powercut.py", "--cuts", "5", "--kill")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
        .enabled(if: Tool.isStaged),
        arguments: [
            "slow", "too_slow", "failing_sync", "failing_decision", "failing_checkpoint", "full", "read_only", "read_only_start", "damaged",
        ])
    func aBadDisk(_ scenario: String) throws {
        let result = try Self.run("faults.py", scenario)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    private static func run(_ program: String, _ arguments: String...) throws -> Tool.Result {
        try Tool.run(["python3", "\(Tool.tree)/Tests/PowerCut/\(program)"] + arguments, seconds: 900)
    }
}
