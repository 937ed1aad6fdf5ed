import Mail

/// A plugin's settings, checked against the JSON Schema of its manifest and turned into JSON, with places in every error and defaults filled
/// in. README.md names the subset of JSON Schema.
final class SchemaReader {
    private var problems: ProblemList
    private var patterns: [String: Regex<AnyRegexOutput>?] = [:]
    private var told: Set<String> = []
    private var unchecked: Set<String> = []
    private var hostKeys: [String] = []

    init(_ problems: ProblemList) { self.problems = problems }

    /// nil, with problems, when the settings do not fit. `place`: of the plugin's name in the list.
    func read(_ node: ConfigNode, _ manifest: FilterManifest, at place: SettingsPlace, hostKeys: [String]) -> JSONValue? {
        self.hostKeys = hostKeys
        unchecked = []
        let value = read(node, manifest.schema, "the settings of `\(manifest.id)`", isRoot: true)
        if !unchecked.isEmpty, told.insert(manifest.id).inserted {
            problems.warning(
                place, "the schema of `\(manifest.id)` uses \(unchecked.sorted().joined(separator: ", ")), which is not checked here",
                mend: "the plugin's author can leave it out")
        }
        return value
    }

    private static let keywords: Set<String> = [
        "type", "properties", "required", "additionalProperties", "items", "enum", "const", "minimum", "maximum", "minLength", "maxLength",
        "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "pattern", "default", "description", "title", "examples",
        "oneOf", "anyOf", "$schema", "$id", "$comment",
    ]

    private func read(_ node: ConfigNode, _ schema: JSONValue, _ what: String, isRoot: Bool = false) -> JSONValue? {
        if schema.bool == false { return fail(node, "\(what) is not allowed", "remove it") }
        for keyword in schema.object?.keys ?? [:].keys where !Self.keywords.contains(keyword) { unchecked.insert("`\(keyword)`") }
        if let forms = (schema["anyOf"] ?? schema["oneOf"])?.array { return firstFit(node, forms, what) }

        let types = types(of: schema)
        let value: JSONValue?
        switch node.content {
        case .mapping: value = types.allows("object") ? object(node, schema, what, isRoot: isRoot) : wrongType(node, types, what)
        case .scalar where node.isNull && !types.allows("null") && types.allows("object"):
            value = object(node, schema, what, isRoot: isRoot)
        case .list(let items): value = types.allows("array") ? array(node, items, schema, what) : wrongType(node, types, what)
        case .scalar: value = scalar(node, types, schema) ?? wrongType(node, types, what)
        }
        guard let value else { return nil }
        return choices(value, node, schema, what)
    }

    // MARK: Types

    private struct Types {
        /// nil: any.
        let names: [String]?
        func allows(_ name: String) -> Bool { names?.contains(name) ?? true }
        func names(_ name: String) -> Bool { names?.contains(name) ?? false }
    }

    private func types(of schema: JSONValue) -> Types {
        if let one = schema["type"]?.string { return Types(names: [one]) }
        return Types(names: schema["type"]?.array?.compactMap(\.string))
    }

    /// Plain YAML has no types of its own here: what the schema wants decides, so that `10.1` can be a text and `off` a truth value.
    private func scalar(_ node: ConfigNode, _ types: Types, _ schema: JSONValue) -> JSONValue? {
        if node.isNull { return types.allows("null") ? .null : nil }
        guard case .scalar(let text, _) = node.content else { return nil }
        if let bool = node.bool, types.names("boolean") || (types.names == nil && ["true", "false"].contains(text.lowercased())) {
            return .bool(bool)
        }
        let isNumber = types.allows("number")
        if types.allows("integer") || isNumber {
            if let integer = node.integer { return .integer(integer) }
            if let number = node.number {
                if isNumber { return .number(number) }
                if number.rounded() == number, abs(number) < 9e15 { return .integer(Int64(number)) }
            }
        }
        return types.allows("string") ? .string(text) : nil
    }

    private func wrongType(_ node: ConfigNode, _ types: Types, _ what: String) -> JSONValue? {
        let words = (types.names ?? []).map { Self.words[$0] ?? $0 }
        var mend = "write \(words.joined(separator: " or "))"
        if case .scalar(let text, isPlain: false) = node.content,
            ConfigNode(content: .scalar(text, isPlain: true), place: node.place).number != nil
        {
            mend += ", without quotes"
        }
        return fail(node, "\(what) must be \(words.joined(separator: " or ")), not \(node.word)", mend)
    }

    private static let words = [
        "object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number",
        "boolean": "`true` or `false`", "null": "nothing",
    ]

    // MARK: Compound values

    private func object(_ node: ConfigNode, _ schema: JSONValue, _ what: String, isRoot: Bool) -> JSONValue? {
        let properties = schema["properties"]?.object ?? [:]
        // Stricter than JSON Schema: where properties are named, others are mistakes unless the schema says otherwise.
        let additional = schema["additionalProperties"] ?? (schema["properties"] == nil ? .bool(true) : .bool(false))
        var members: [String: JSONValue] = [:]
        var fits = true
        for entry in node.entries ?? [] {
            let name = "`\(entry.key.shortened)`"
            if let property = properties[entry.key] {
                if let value = read(entry.value, property, name) { members[entry.key] = value } else { fits = false }
            } else if additional.bool == false {
                let known = properties.keys.sorted() + (isRoot ? hostKeys : [])
                problems.error(
                    entry.keyPlace, "unknown key \(name) in \(what)", mend: Spelling.mend(entry.key, known: known, kind: "key here"))
                fits = false
            } else if let value = read(entry.value, additional, name) {
                members[entry.key] = value
            } else {
                fits = false
            }
        }
        let given = Set((node.entries ?? []).map(\.key))
        for (name, property) in properties where !given.contains(name) {
            if let preset = property["default"] { members[name] = preset }
        }
        for name in (schema["required"]?.array ?? []).compactMap(\.string) where !given.contains(name) && members[name] == nil {
            problems.error(node.place, "`\(name)` is missing in \(what)", mend: describe(properties[name]) ?? "add `\(name): ...`")
            fits = false
        }
        guard fits else { return nil }
        if let mend = outside(members.count, schema, "minProperties", "maxProperties") {
            return fail(node, "\(what) has \(members.count) keys", mend)
        }
        return .object(members)
    }

    private func array(_ node: ConfigNode, _ items: [ConfigNode], _ schema: JSONValue, _ what: String) -> JSONValue? {
        let item = schema["items"] ?? .bool(true)
        let values = items.map { read($0, item, "an item of \(what)") }
        guard values.allSatisfy({ $0 != nil }) else { return nil }
        let list = values.compactMap { $0 }
        if let mend = outside(list.count, schema, "minItems", "maxItems") { return fail(node, "\(what) has \(list.count) items", mend) }
        if schema["uniqueItems"]?.bool == true {
            var seen: Set<JSONValue> = []
            for (value, item) in zip(list, items) where !seen.insert(value).inserted {
                return fail(item, "\(item.word) stands twice in \(what)", "remove one")
            }
        }
        return .array(list)
    }

    /// The first form that fits; `oneOf` is taken for `anyOf`, since a plain scalar may fit several.
    private func firstFit(_ node: ConfigNode, _ forms: [JSONValue], _ what: String) -> JSONValue? {
        let outer = problems
        defer { problems = outer }
        var inner: [SettingsProblem] = []
        for form in forms {
            problems = ProblemList()
            if let value = read(node, form, what), !problems.hasErrors { return value }
            // The form that was meant is the one whose problem lies deeper than the node itself.
            if inner.isEmpty, let first = problems.all.first, first.place != node.place { inner = problems.all }
        }
        problems = outer
        if !inner.isEmpty {
            for problem in inner { problems.add(problem) }
            return nil
        }
        let descriptions = forms.compactMap { $0["description"]?.string ?? $0["type"]?.string.flatMap { Self.words[$0] } }
        return fail(
            node, "\(what) has none of the forms that it may have",
            descriptions.isEmpty ? "see the plugin's README" : "write " + descriptions.joined(separator: ", or "))
    }

    // MARK: Values

    private func choices(_ value: JSONValue, _ node: ConfigNode, _ schema: JSONValue, _ what: String) -> JSONValue? {
        if let allowed = schema["enum"]?.array ?? schema["const"].map({ [$0] }), !allowed.contains(where: { Self.equal($0, value) }) {
            // A plain scalar that reads as a number may be one of the texts.
            if let text = node.text, allowed.contains(.string(text)) { return .string(text) }
            let words = allowed.map { $0.string ?? $0.canonical }
            return fail(
                node, "\(what) must be \(words.count > 1 ? "one of " : "")\(words.joined(separator: ", ")), not \(node.word)",
                node.text.flatMap { Spelling.nearest(to: $0, in: words) }.map { "did you mean `\($0)`?" } ?? "write one of them")
        }
        if let number = value.number {
            if let least = schema["minimum"]?.number, number < least {
                return fail(node, "\(what) must be \(JSONValue.number(least).canonical) at least, not \(node.word)", "raise it")
            }
            if let most = schema["maximum"]?.number, number > most {
                return fail(node, "\(what) must be \(JSONValue.number(most).canonical) at most, not \(node.word)", "lower it")
            }
        }
        if let text = value.string {
            if let mend = outside(text.unicodeScalars.count, schema, "minLength", "maxLength") {
                return fail(node, "\(what) has \(text.unicodeScalars.count) characters", mend)
            }
            if let pattern = schema["pattern"]?.string, !matches(text, pattern) {
                return fail(node, "\(what) must match `\(pattern)`, and \(node.word) does not", describe(schema) ?? "correct it")
            }
        }
        return value
    }

    private static func equal(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if let a = a.number, let b = b.number { return a == b }
        return a == b
    }

    /// True also for a pattern that this platform does not understand: that is told as a warning.
    private func matches(_ text: String, _ pattern: String) -> Bool {
        let compiled =
            patterns[pattern]
            ?? {
                let regex = try? Regex(pattern)
                patterns[pattern] = .some(regex)
                return regex
            }()
        guard let compiled else {
            unchecked.insert("the pattern `\(pattern.shortened)`")
            return true
        }
        // Backtracking can take long: beyond this length a text is refused rather than searched.
        return text.utf8.count <= 4096 && (try? compiled.firstMatch(in: text)) != nil
    }

    private func outside(_ count: Int, _ schema: JSONValue, _ least: String, _ most: String) -> String? {
        if let least = schema[least]?.integer, count < least { return "at least \(least)" }
        if let most = schema[most]?.integer, count > most { return "at most \(most)" }
        return nil
    }

    private func describe(_ schema: JSONValue?) -> String? { schema?["description"]?.string.map { $0.shortened } }

    private func fail(_ node: ConfigNode, _ what: String, _ mend: String) -> JSONValue? {
        problems.error(node.place, what, mend: mend)
        return nil
    }
}
