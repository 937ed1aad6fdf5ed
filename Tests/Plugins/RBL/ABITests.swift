import CPostern
import Foundation
import PluginTestKit
import Synchronization
import Testing

/// The built library through its one export, with a host that is nothing but tables: forty zones go out as one batch, and the answers of that
/// run come back as symbols.
@Suite(.enabled(if: RBLHost.isBuilt, "librbl.so is not beside the tests"), .serialized)
struct ABITests {
    @Test func fortyZonesInOneBatch() throws {
        let zones = (0..<40).map { #""z\#($0).example": {"127.0.0.2": \#($0)}"# }.joined(separator: ",")
        let host = try RBLHost(settings: "{\"zones\": {\(zones)}}", client: [203, 0, 113, 9])
        #expect(host.start() == POSTERN_DETACH_BEFORE_RCPT)
        #expect(host.batches == [40])
        #expect(host.names[7] == "9.113.0.203.z7.example")
        // 3 is listed, 5 reports an error, 6 fails, the rest is not listed.
        let step = host.resume { index in
            switch index {
            case 3: (POSTERN_DNS_FOUND, [127, 0, 0, 2])
            case 5: (POSTERN_DNS_FOUND, [127, 255, 255, 254])
            case 6: (POSTERN_DNS_FAILED, nil)
            default: (POSTERN_DNS_NAME_ERROR, nil)
            }
        }
        #expect(step == POSTERN_DONE)
        #expect(host.symbols.map(\.name) == ["RBL_Z3", "RBL_UNREACHABLE"])
        #expect(host.symbols[0].factor == 3)
        #expect(host.symbols[0].detail == "z3.example returned 127.0.0.2")
        #expect(host.symbols[1].detail.contains("z5.example: answered 127.255.255.254"))
        #expect(host.symbols[1].detail.contains("z6.example"))
        #expect(host.givenUp == [RBLHost.timerID])
    }

    @Test func timeLimitGivesUpWhatIsMissing() throws {
        let host = try RBLHost(settings: #"{"zones": {"a.example": {"*": 1}, "b.example": {"*": 1}}}"#, client: [203, 0, 113, 9])
        #expect(host.start() == POSTERN_DETACH_BEFORE_RCPT)
        #expect(host.resume(only: 0) { _ in (POSTERN_DNS_FOUND, [127, 0, 0, 9]) } == POSTERN_DETACH_BEFORE_RCPT)
        #expect(host.fireTimer() == POSTERN_DONE)
        #expect(host.symbols.map(\.name) == ["RBL_A", "RBL_UNREACHABLE"])
        #expect(host.symbols[1].detail == "b.example: timeout")
        #expect(host.givenUp == [2])
    }

    @Test func cancelledWhileWaiting() throws {
        let host = try RBLHost(settings: #"{"zones": {"a.example": {"*": 1}}}"#, client: [203, 0, 113, 9])
        #expect(host.start() == POSTERN_DETACH_BEFORE_RCPT)
        host.cancel()
        // Nothing counts any more, but it must not have become a listing, or an operation asked for after the end.
        #expect(!host.symbols.contains { $0.name == "RBL_A" })
        #expect(host.batches == [1] && host.givenUp.isEmpty)
    }

    @Test func privateClientIsDoneAtOnce() throws {
        let host = try RBLHost(settings: #"{"zones": {"a.example": {"*": 1}}}"#, client: [10, 0, 0, 1])
        #expect(host.start() == POSTERN_DONE)
        #expect(host.batches.isEmpty && host.symbols.isEmpty)
    }

    @Test func badSettingsAreNamed() {
        #expect(throws: TinyHost.Refused(text: "/zones/z: must give at least one code a weight")) {
            try RBLHost(settings: #"{"zones": {"z": {}}}"#, client: [203, 0, 113, 9])
        }
    }
}
