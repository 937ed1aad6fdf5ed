import Mail
import Testing

@Suite struct CivilTimeTests {
    /// (microseconds since 1970, RFC 3339, RFC 5322)
    static let moments: [(Int64, String, String)] = [
        (0, "1970-01-01T00:00:00.000000Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
        (-1, "1969-12-31T23:59:59.999999Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z", "Tue, 29 Feb 2000 00:00:00 +0000"),
        (951_868_800_000_000, "2000-03-01T00:00:00.000000Z", "Wed, 01 Mar 2000 00:00:00 +0000"),
        (1_795_298_400_000_123, "2026-11-21T22:00:00.000123Z", "Sat, 21 Nov 2026 22:00:00 +0000"),
        (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z", "Sun, 28 Feb 2100 23:59:59 +0000"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z", "Mon, 01 Mar 2100 00:00:00 +0000"),
    ]

    @Test(arguments: moments) func showsBothForms(_ row: (Int64, String, String)) {
        let civil = CivilTime(Timestamp(microseconds: row.0))
        #expect(civil.rfc3339 == row.1)
        #expect(civil.rfc5322 == row.2)
    }

    /// Each day of 800 years follows the one before, in date and weekday.
    @Test func everyDayFollowsTheOneBefore() {
        var before = CivilTime(Timestamp(seconds: -86_400 * 146_097))
        for day in Int64(-146_096)...146_097 {
            let now = CivilTime(Timestamp(seconds: day * 86_400))
            let next = now.day == before.day + 1 && now.month == before.month && now.year == before.year
            let nextMonth = now.day == 1 && now.month == before.month + 1 && now.year == before.year && before.day >= 28
            let nextYear = now.day == 1 && now.month == 1 && before.month == 12 && before.day == 31 && now.year == before.year + 1
            if !(next || nextMonth || nextYear) || now.weekday != (before.weekday + 1) % 7 { Issue.record("after \(before): \(now)") }
            before = now
        }
    }

    @Test func theEndsOfTimeDoNotTrap() {
        #expect(!CivilTime(.distantPast).rfc3339.isEmpty)
        #expect(!CivilTime(.distantFuture).rfc5322.isEmpty)
    }
}
