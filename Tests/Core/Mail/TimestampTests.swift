import Mail
import Testing

/// Moments as text and back, and durations at their ends.
@Suite struct TimestampTests {
    @Test func everyDayOfFourCenturiesReadsBack() {
        for day in stride(from: Int64(-80_000), to: 80_000, by: 1) {
            let time = Timestamp(seconds: day * 86400 + 3661)
            #expect(Timestamp(rfc3339: CivilTime(time).rfc3339) == time)
        }
    }

    @Test(arguments: [
        ("2026-11-21T22:10:57Z", Int64(1_795_299_057_000_000)), ("2026-11-21 22:10:57z", 1_795_299_057_000_000),
        ("2026-11-22T00:10:57+02:00", 1_795_299_057_000_000), ("2026-11-21T21:40:57-00:30", 1_795_299_057_000_000),
        ("2026-11-21T22:10:57.5Z", 1_795_299_057_500_000), ("2026-11-21T22:10:57.123456789Z", 1_795_299_057_123_456),
        ("2026-11-21T22:10:60Z", 1_795_299_060_000_000),
    ]) func reads(_ text: String, _ microseconds: Int64) { #expect(Timestamp(rfc3339: text)?.microseconds == microseconds) }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T22:10:57", "2026-11-21T22:10Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-02-31T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T22:60:00Z",
        "2026-11-21T22:10:61Z", "2026-11-21T22:10:57.Z", "2026-11-21T22:10:57.1234567890Z", "2026-11-21T22:10:57+2:00",
        "2026-11-21T22:10:57+24:00", "2026-11-21T22:10:57Zx", "+026-11-21T22:10:57Z", "2026-11-21T22:10:5٧Z",
        "2026-11-21T22:10:57.123456789+00:00 and so on",
    ]) func refuses(_ text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test func durationsSaturate() {
        #expect(Duration.seconds(Int64.max).microseconds == .max)
        #expect(Duration.seconds(Int64.min).microseconds == .min)
        #expect((Duration.seconds(9_223_372_036_854) + .milliseconds(900)).microseconds == .max)
        #expect(Duration.milliseconds(-1500).microseconds == -1_500_000)
        #expect((Timestamp(seconds: 5) - Timestamp(seconds: 7)) == .seconds(-2))
    }
}
