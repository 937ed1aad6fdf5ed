import PosternKit
import Testing

struct UnitsTests {
    @Test(arguments: [
        ("5", Duration.seconds(5)), (#""800ms""#, .milliseconds(800)), (#""1.5m""#, .seconds(90)), (#""2h""#, .seconds(7200)),
        (#""15d""#, .seconds(1_296_000)), (#""7""#, .seconds(7)),
    ])
    func durations(_ json: String, _ duration: Duration) throws { #expect(try Settings(json).duration() == duration) }

    @Test(arguments: [
        ("4096", 4096), (#""64KiB""#, 65536), (#""150MB""#, 150_000_000), (#""2GB""#, 2_000_000_000), (#""1.5GiB""#, 1_610_612_736),
        (#""9""#, 9),
    ])
    func sizes(_ json: String, _ bytes: Int) throws { #expect(try Settings(json).bytes() == bytes) }

    @Test func whatIsOutOfRangeIsToldTheRange() throws {
        let settings = try Settings(#"{"short": "50ms", "long": "32d", "right": "1m", "many": 11}"#)
        func refusal(_ read: () throws(SettingsError) -> Void) -> String? {
            do throws(SettingsError) { try read() } catch { return "\(error.pointer) \(error.text)" }
            return nil
        }
        let range = Duration.milliseconds(100) ... .seconds(31 * 86_400)
        #expect(
            refusal { () throws(SettingsError) in _ = try settings.duration("short", default: .zero, in: range) }
                == "/short must be 100ms to 31d")
        #expect(
            refusal { () throws(SettingsError) in _ = try settings.duration("long", default: .zero, in: range) }
                == "/long must be 100ms to 31d")
        #expect(refusal { () throws(SettingsError) in _ = try settings.integer("many", default: 0, in: 0...10) } == "/many must be 0 to 10")
        #expect(try settings.duration("right", default: .zero, in: range) == .seconds(60))
        // A default is the author's own business.
        #expect(
            try settings.duration("none", default: .zero, in: range) == .zero && settings.integer("none", default: 77, in: 0...10) == 77)
    }

    @Test(arguments: ["-1", "1e300", #""""#, #""s""#, #""5 s""#, #""5S""#, #""1.2.3s""#, #""-5s""#, #""5sm""#, "true", "[]", #""١s""#])
    func neither(_ json: String) throws {
        let settings = try Settings(json)
        #expect(throws: SettingsError.self) { try settings.duration() }
        #expect(throws: SettingsError.self) { try settings.bytes() }
    }
}

struct SymbolNameTests {
    @Test func names() {
        #expect(SymbolName.make("X_", "a--b..C9_") == "X_A_B_C9")
        #expect(SymbolName.make("X_", "") == "X_UNNAMED")
        let long = String(repeating: "a", count: 62)
        #expect(SymbolName.make("X_", long) == "X_" + long.uppercased())
        let (one, two) = (SymbolName.make("X_", long + "b"), SymbolName.make("X_", long + "c"))
        #expect(one.utf8.count == 64 && two.utf8.count == 64 && one != two)
    }
}
