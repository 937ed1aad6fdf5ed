import Foundation
import Mail
import Testing

@testable import Settings

@Suite struct SchemaReaderTests {
    /// (settings of `hello`, JSON) for what fits.
    static let good: [(String, String)] = [
        ("{}", #"{"greeting":"hello"}"#),
        ("{greeting: 127.0.0.2}", #"{"greeting":"127.0.0.2"}"#),
        ("{version: 10.1}", #"{"greeting":"hello","version":"10.1"}"#),
        ("{version: off}", #"{"greeting":"hello","version":"off"}"#),
        ("{version: 0123}", #"{"greeting":"hello","version":"0123"}"#),
        ("{level: 9, ratio: 2}", #"{"greeting":"hello","level":9,"ratio":2}"#),
        ("{level: 3.0, ratio: .5e1}", #"{"greeting":"hello","level":3,"ratio":5}"#),
        ("{mode: slow, words: [a, 2, true]}", #"{"greeting":"hello","mode":"slow","words":["a","2","true"]}"#),
        ("{free: {a: 1, b: [true, off, ~, '1', 1.5]}}", #"{"free":{"a":1,"b":[true,"off",null,"1",1.5]},"greeting":"hello"}"#),
    ]

    @Test(arguments: good) func whatFitsBecomesJSON(_ row: (String, String)) throws {
        let folder = ConfigurationFolder(["domains/example.com.yaml": ConfigurationFolder.domain + "filters: [hello: \(row.0)]\n"])
        #expect(try folder.settings().policy.domains["example.com"]?.filters[0][0].settings.canonical == row.1)
    }

    /// (settings of `hello`, column, what is said) for what does not fit.
    static let bad: [(String, String)] = [
        ("{greting: x}", "19: unknown key `greting` in the settings of `hello`; did you mean `greeting`?"),
        ("{greeting: ''}", "29: `greeting` has 0 characters; at least 1"),
        ("{greeting: 12345678901}", "29: `greeting` has 11 characters; at most 10"),
        ("{greeting: [a]}", "29: `greeting` must be text, not a list; write text"),
        ("{greeting: }", "29: `greeting` must be text, not nothing; write text"),
        ("{level: 0}", "26: `level` must be 1 at least, not `0`; raise it"),
        ("{level: 10}", "26: `level` must be 9 at most, not `10`; lower it"),
        ("{level: '5'}", "26: `level` must be a whole number, not `5`; write a whole number, without quotes"),
        ("{level: 1.5}", "26: `level` must be a whole number, not `1.5`; write a whole number"),
        ("{mode: slo}", "25: `mode` must be one of fast, slow, not `slo`; did you mean `slow`?"),
        ("{words: [a, a]}", "30: `a` stands twice in `words`; remove one"),
        ("{words: [a, b, c, d]}", "26: `words` has 4 items; at most 3"),
        ("{words: [[a]]}", "27: an item of `words` must be text, not a list; write text"),
        ("[a]", "18: the settings of `hello` must be a mapping, not a list; write `key: value` lines"),
    ]

    @Test(arguments: bad) func whatDoesNotFitIsToldWithItsPlace(_ row: (String, String)) {
        let folder = ConfigurationFolder(["domains/example.com.yaml": ConfigurationFolder.domain + "filters: [hello: \(row.0)]\n"])
        #expect(folder.problems() == ["domains/example.com.yaml:4:" + row.1])
    }

    func read(_ yaml: String, _ schema: String) throws -> (JSONValue?, [String]) {
        let problems = ProblemList()
        let node = try #require(YAMLFile(name: "f").read(yaml, problems))
        var manifest = try #require(ScriptedCatalogue().manifest(of: "hello"))
        manifest.schema = try JSONDecoder().decode(JSONValue.self, from: Data(schema.utf8))
        let value = SchemaReader(problems).read(node, manifest, at: SettingsPlace(file: "f", line: 9, column: 9), hostKeys: [])
        return (value, problems.all.map(\.description))
    }

    @Test func theFormThatWasMeantIsExplained() throws {
        let folder = ConfigurationFolder([
            "postern.yaml": ConfigurationFolder.gateway + "edge: [rbl: {zones: {a: {127.0.0.2: x}, b: [1]}}]\n"
        ])
        #expect(
            folder.problems() == [
                "postern.yaml:5:37: `127.0.0.2` must be a number, not `x`; write a number",
                "postern.yaml:5:44: `b` has none of the forms that it may have; write one score, or scores by code",
            ])
        #expect(try read("a", #"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#).0 == .string("a"))
        #expect(try read("5", #"{"oneOf": [{"type": "integer"}, {"type": "string"}]}"#).0 == .integer(5))
    }

    @Test func patternsAreSearched() throws {
        #expect(try read("{a: 5m}", #"{"properties": {"a": {"type": "string", "pattern": "^[0-9]+m$"}}}"#).0?["a"] == .string("5m"))
        #expect(
            try read("{a: 5h}", #"{"properties": {"a": {"type": "string", "pattern": "^[0-9]+m$", "description": "minutes: 5m"}}}"#).1
                == ["f:1:5: `a` must match `^[0-9]+m$`, and `5h` does not; minutes: 5m"])
    }

    /// What is not understood is never passed over in silence.
    @Test func whatIsNotCheckedIsSaid() throws {
        let (value, told) = try read("{a: 1}", #"{"allOf": [], "properties": {"a": {"multipleOf": 2}}}"#)
        #expect(value?["a"] == .integer(1))
        #expect(
            told == [
                "f:9:9: warning: the schema of `hello` uses `allOf`, `multipleOf`, which is not checked here; the plugin's author can leave it out"
            ])
        #expect(try read("{a: x}", #"{"properties": {"a": {"pattern": "("}}}"#).1.count == 1)
    }

    @Test func defaultsRequiredAndAdditional() throws {
        #expect(
            try read("{b: {}}", #"{"properties": {"a": {"default": [1]}, "b": {"properties": {"c": {"default": "x"}}}}}"#).0?.canonical
                == #"{"a":[1],"b":{"c":"x"}}"#)
        #expect(try read("{}", #"{"required": ["a"]}"#).1 == ["f:1:1: `a` is missing in the settings of `hello`; add `a: ...`"])
        #expect(
            try read("{x: 1, y: a}", #"{"additionalProperties": {"type": "integer"}}"#).1 == [
                "f:1:11: `y` must be a whole number, not `a`; write a whole number"
            ])
        #expect(try read("{x: 1}", #"{"properties": {}, "additionalProperties": true}"#).0?["x"] == .integer(1))
        #expect(try read("{x: 1}", #"{"properties": {"x": false}}"#).1 == ["f:1:5: `x` is not allowed; remove it"])
        #expect(try read("{x: 2}", #"{"properties": {"x": {"const": 1}}}"#).1 == ["f:1:5: `x` must be 1, not `2`; write one of them"])
    }
}
