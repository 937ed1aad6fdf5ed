import MIME
import Mail
import Testing

/// Fields that only we may write, however they are dressed up.
@Suite struct ForgedFieldsTests {
    private func cleaned(_ text: String) -> String {
        let region = Region(copying: Array(text.utf8))
        let forged = ForgedFields(HeaderFields(region.bytes), in: region.bytes, authservID: "mx.Gate.example")
        return withExtendedLifetime(try! forged.removed(from: region)) { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(arguments: [
        "X-Postern-Score: -5\r\n", "x-POSTERN-anything:\r\n", "X-Postern-Score : -5\r\n", "X-Postern-Symbols: A(1),\r\n\tB(2)\r\n C\r\n",
        "Authentication-Results: mx.gate.example; spf=pass\r\n", "Authentication-Results:mx.gate.example;spf=pass\r\n",
        "authentication-results:\r\n\tMX.GATE.EXAMPLE 1;\r\n dkim=pass\r\n", "Authentication-Results: \"mx.gate.example\"; spf=pass\r\n",
        "Authentication-Results: \"mx\\.gate.example\"; spf=pass\r\n",
        "Authentication-Results: (a (nested) \\) one) mx.gate.example; x=y\r\n",
        "Authentication-Results: (c)(d)\tmx.gate.example(e); x=y\r\n", "Authentication-Results: mx.gate.example;\u{301} spf=pass\r\n",
        "Authentication-Results: mx.gate.example/1; spf=pass\r\n", "Authentication-Results: (never closed mx.gate.example; spf=pass\r\n",
        "Authentication-Results: ; spf=pass\r\n", "Authentication-Results:\r\n",
    ]) func removed(_ field: String) {
        #expect(cleaned("Subject: a\r\n\(field)To: b\r\n\r\nbody\r\n") == "Subject: a\r\nTo: b\r\n\r\nbody\r\n")
        #expect(cleaned(field + "\r\n") == "\r\n")
        #expect(cleaned(field + field) == "")
        // The next hop may read on behind a line that is no field.
        #expect(cleaned("no field\r\n\(field)\r\n") == "no field\r\n\r\n")
        #expect(
            cleaned("A: b\r\n\u{0}\r\n\(field)also none\r\n\(field)C: d\r\n\r\n\(field)")
                == "A: b\r\n\u{0}\r\nalso none\r\nC: d\r\n\r\n\(field)")
    }

    @Test(arguments: [
        "X-Posternal: a\r\n", "X-Postern: a\r\n", "Authentication-Results: other.example; spf=pass\r\n",
        "Authentication-Results: mx.gate.example.evil.example; spf=pass\r\n",
        "Authentication-Results: other.example (mx.gate.example); a=b\r\n",
        "ARC-Authentication-Results: i=1; mx.gate.example; spf=pass\r\n", "Subject: X-Postern-Score: 1\r\n",
    ]) func kept(_ field: String) {
        let text = "\(field)To: b\r\n\r\nX-Postern-Score: in the body\r\n"
        #expect(cleaned(text) == text)
    }

    @Test func behindALongComment() {
        let comment = "(" + String(repeating: "x", count: 200_000) + ")"
        #expect(cleaned("Authentication-Results: \(comment) mx.gate.example; spf=pass\r\n\r\n") == "\r\n")
    }

    @Test func behindTheLastFieldThatIsListed() {
        let many = String(repeating: "A: b\r\n", count: HeaderFields.maximumFields)
        #expect(cleaned(many + "X-Postern-Score: 1\r\nC: d\r\n\r\n") == many + "C: d\r\n\r\n")
    }

    @Test func withoutAnythingForgedTheRegionIsTheSame() throws {
        let region = Region(copying: Array("A: b\r\n\r\n".utf8))
        let forged = ForgedFields(HeaderFields(region.bytes), in: region.bytes, authservID: "mx")
        #expect(try forged.removed(from: region) === region)
    }
}
