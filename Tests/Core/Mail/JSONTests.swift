import Foundation
import Mail
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        (JSONValue.null, "null"), (.bool(true), "true"), (.integer(-5), "-5"), (.integer(.min), "-9223372036854775808"),
        (.number(2), "2"), (.number(-0.0), "0"), (.number(0.5), "0.5"), (.number(.infinity), "null"), (.number(.nan), "null"),
        (.number(1e300), "1e+300"), (.string("a"), "\"a\""), (.array([]), "[]"), (.object([:]), "{}"),
        (.array([.array([]), .object([:]), .integer(1)]), "[[],{},1]"),
        (
            .object(["b": .array([.null, .bool(false)]), "a": .object(["z": .integer(1), "y": .integer(2)])]),
            #"{"a":{"y":2,"z":1},"b":[null,false]}"#
        ),
    ]) func canonical(_ value: JSONValue, _ text: String) { #expect(value.canonical == text) }

    @Test func everyStringReadsBack() throws {
        var texts = (0..<0x80).map { String(Character(UnicodeScalar(UInt8($0)))) }
        texts += ["\"\\/", "\r\n\t", "é\u{301}漢字🦊", "\u{2028}\u{2029}", "\u{0}\u{1F}\u{7F}", String(repeating: "x\"", count: 1000)]
        for text in texts {
            let written = JSONValue.object([text: .string(text)]).canonical
            #expect(try JSONDecoder().decode(JSONValue.self, from: Data(written.utf8)) == .object([text: .string(text)]))
            // One line each, whatever is in it.
            #expect(written.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
    }

    @Test func readsBackWhatFoundationWrites() throws {
        let value = JSONValue.object(["a": .array([.integer(1), .number(1.5), .string("x"), .bool(false), .null, .object([:])])])
        #expect(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) == value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.canonical.utf8)) == value)
    }

    @Test func accessors() {
        let value = JSONValue.object(["i": .integer(3), "d": .number(3), "f": .number(3.5), "s": .string("x"), "huge": .number(1e300)])
        #expect(value["i"]?.integer == 3 && value["d"]?.integer == 3 && value["f"]?.integer == nil && value["huge"]?.integer == nil)
        #expect(value["i"]?.number == 3 && value["s"]?.number == nil && value["absent"] == nil && JSONValue.null["x"] == nil)
        #expect(JSONValue.number(.nan).integer == nil && JSONValue.number(.infinity).integer == nil)
    }

    @Test func writerPiecewise() {
        var w = JSONWriter()
        w.beginObject()
        w.field("a", 1)
        w.key("b")
        w.beginArray()
        w.string("x")
        w.number(0.25)
        w.beginObject()
        w.endObject()
        w.null()
        w.endArray()
        w.field("c", true)
        w.endObject()
        #expect(w.text == #"{"a":1,"b":["x",0.25,{},null],"c":true}"#)
    }
}
