import PosternKit
import Testing

@testable import ClamAV

struct ClamAVSettingsTests {
    private func read(_ json: String) throws -> ClamAVSettings { try ClamAVSettings(Settings(json)) }

    @Test func defaults() throws {
        let settings = try read("{}")
        #expect(settings.engine.folders == ["/var/lib/clamav"])
        #expect(settings.engine.reload == .beside)
        #expect(settings.action == .none)
        // Two looks, below a slot's usual timeout.
        #expect(settings.engine.limits.time * 2 < .seconds(60))
    }

    @Test func unitsAreUnderstood() throws {
        let engine = try read(#"{"check": "500ms", "memory": "3GB", "max_scan_size": "1MiB", "max_scan_time": 2.5, "signatures": "/own"}"#)
            .engine
        #expect(engine.interval == .milliseconds(500))
        #expect(engine.memory == 3_000_000_000)
        #expect(engine.limits.scanBytes == 1_048_576)
        #expect(engine.limits.time == .milliseconds(2500))
        #expect(engine.folders == ["/var/lib/clamav", "/own"])
    }

    /// Another action is no other engine; another limit is.
    @Test func enginesAreShared() throws {
        #expect(try read(#"{"action": "reject"}"#).engine == read("{}").engine)
        #expect(try read(#"{"max_files": 5}"#).engine != read("{}").engine)
    }

    @Test(arguments: [
        (#"{"database": "clamav"}"#, "/database"), (#"{"database": "/a\u0000b"}"#, "/database"), (#"{"check": "1ms"}"#, "/check"),
        (#"{"check": "soon"}"#, "/check"), (#"{"reload": "never"}"#, "/reload"), (#"{"memory": "much"}"#, "/memory"),
        (#"{"max_scan_size": "3GB"}"#, "/max_scan_size"), (#"{"max_file_size": 0}"#, "/max_file_size"),
        (#"{"max_files": 0}"#, "/max_files"),
        (#"{"max_depth": 101}"#, "/max_depth"), (#"{"max_scan_time": "2h"}"#, "/max_scan_time"), (#"{"action": "delete"}"#, "/action"),
        (#"{"pua": 1}"#, "/pua"),
    ])
    func complaintsNameTheirPlace(_ json: String, _ pointer: String) {
        #expect { try read(json) } throws: { ($0 as? SettingsError)?.pointer == pointer }
    }
}
