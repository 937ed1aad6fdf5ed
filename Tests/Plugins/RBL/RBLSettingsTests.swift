import PosternKit
import Testing

@testable import RBL

@Suite struct RBLSettingsTests {
    static func read(_ text: String) throws -> RBLSettings { try RBLSettings(Settings(text)) }

    @Test func shortAndLongForm() throws {
        let settings = try Self.read(
            #"""
            {"zones": {"ZEN.spamhaus.org.": {"127.0.0.2": 4}, "v6.example": {"codes": {"*": 2}, "symbol": "RBL_SIX", "type": "ip6"}},
             "wait": "800ms", "allow": ["192.0.2.0/24", "2001:db8::1"]}
            """#)
        #expect(settings.zones.map(\.name) == ["zen.spamhaus.org", "v6.example"])
        #expect(settings.zones.map(\.symbol) == ["RBL_ZEN", "RBL_SIX"])
        #expect(settings.wait == .milliseconds(800))
        #expect(settings.zones(for: [203, 0, 113, 9]).map(\.symbol) == ["RBL_ZEN"])
        #expect(settings.zones(for: Network.octets("2001:db8::2")!).map(\.symbol) == ["RBL_ZEN", "RBL_SIX"])
        #expect(settings.zones(for: [192, 0, 2, 9]).isEmpty)
        #expect(settings.zones(for: Network.octets("2001:db8::1")!).isEmpty)
    }

    @Test func privateClientsAreAskedAboutOnlyOnRequest() throws {
        let zones = #""zones": {"zen.example": {"*": 1}}"#
        let closed = try Self.read("{\(zones)}")
        let open = try Self.read("{\(zones), \"ask_private\": true, \"wait\": 2}")
        for text in ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.0.1", "100.64.0.1", "::1", "fd00::1", "fe80::1"] {
            #expect(closed.zones(for: Network.octets(text)!).isEmpty, "\(text)")
            #expect(open.zones(for: Network.octets(text)!).count == 1, "\(text)")
        }
        #expect(closed.zones(for: [172, 32, 0, 1]).count == 1)
        #expect(closed.wait == .seconds(5))
        #expect(open.wait == .seconds(2))
    }

    @Test func symbolsOfZonesThatBeginAlike() {
        #expect(RBLSymbols.names(for: ["zen.a.example", "zen.b.example", "bl.x"]) == ["RBL_ZEN_A_EXAMPLE", "RBL_ZEN_B_EXAMPLE", "RBL_BL"])
        #expect(RBLSymbols.names(for: ["unreachable.example", "a-b.example"]) == ["RBL_UNREACHABLE_EXAMPLE", "RBL_A_B"])
        #expect(RBLSymbols.names(for: [String(repeating: "x", count: 63)])[0].utf8.count == 64)
    }

    static let mistakes: [(String, String, String)] = [
        ("{}", "", "zones is missing"), (#"{"zones": {}}"#, "/zones", "1 to 100"),
        (#"{"zones": {"a..b": {"*": 1}}}"#, "/zones/a..b", "zone's name"),
        (#"{"zones": {"z": {}}}"#, "/zones/z", "at least one code"),
        (#"{"zones": {"z": {"128.0.0.1": 1}}}"#, "/zones/z/128.0.0.1", "no code"),
        (#"{"zones": {"z": {"127.255.255.254": 1}}}"#, "/zones/z/127.255.255.254", "report errors"),
        (#"{"zones": {"z": {"127.0.0.9-127.0.0.2": 1}}}"#, "/zones/z/127.0.0.9-127.0.0.2", "no code"),
        (#"{"zones": {"z": {"127.0.0.0/7": 1}}}"#, "/zones/z/127.0.0.0~17", "no code"),
        (#"{"zones": {"z": {"*": "4"}}}"#, "/zones/z/*", "number"),
        (#"{"zones": {"z": {"*": 5000}}}"#, "/zones/z/*", "-1000 to 1000"),
        (#"{"zones": {"z": {"*": 1}, "Z.": {"*": 1}}}"#, "/zones/Z.", "twice"),
        (#"{"zones": {"z": {"codes": {"*": 1}, "kind": "ip4"}}}"#, "/zones/z/kind", "known are"),
        (#"{"zones": {"z": {"codes": {"*": 1}, "symbol": "ZEN"}}}"#, "/zones/z/symbol", "RBL_"),
        (#"{"zones": {"z": {"codes": {"*": 1}, "type": "ip5"}}}"#, "/zones/z/type", "both"),
        (#"{"zones": {"z": {"*": 1}, "y": {"codes": {"*": 1}, "symbol": "RBL_Z"}}}"#, "/zones/y", "RBL_Z"),
        (#"{"zones": {"z": {"*": 1}}, "wait": "1h"}"#, "/wait", "100ms to 1m"),
        (#"{"zones": {"z": {"*": 1}}, "wait": 0}"#, "/wait", "100ms to 1m"),
        (#"{"zones": {"z": {"*": 1}}, "allow": ["192.0.2.0/33"]}"#, "/allow/0", "CIDR"),
    ]

    @Test(arguments: mistakes) func saysWhere(_ text: String, _ pointer: String, _ reason: String) {
        do {
            _ = try Self.read(text)
            Issue.record("taken: \(text)")
        } catch let error as SettingsError {
            #expect(error.pointer == pointer)
            #expect(error.text.contains(reason), "\(error.text)")
        } catch { Issue.record("\(error)") }
    }
}
