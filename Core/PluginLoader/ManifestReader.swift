import Foundation
import Mail

/// Reads NAME.manifest.json strictly: every key is known, every value has its type, and each complaint names its place as a JSON pointer.
public struct ManifestReader {
    private let path: String
    private var complaints: [String] = []

    /// Longer files are refused: a manifest is read whole.
    public static let largest = 1 << 20

    /// The decoder's time grows with the cube of the depth.
    static let deepest = 64

    private init(path: String) { self.path = path }

    private static func depth(of json: Data) -> Int {
        var depth = 0
        var most = 0
        var isText = false
        var isEscaped = false
        for byte in json {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    most = max(most, depth)
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
            }
        }
        return most
    }

    public static func read(_ path: String) throws(LoadFailure) -> FilterManifest {
        guard let data = FileManager.default.contents(atPath: path) else { throw LoadFailure(path, "cannot be read") }
        return try parse(data, path: path)
    }

    /// For those who have no Foundation.
    public static func parse(_ bytes: [UInt8], path: String) throws(LoadFailure) -> FilterManifest { try parse(Data(bytes), path: path) }

    /// A JSON document; nil: it is none.
    public static func json(_ text: String) -> JSONValue? {
        let data = Data(text.utf8)
        return depth(of: data) <= deepest ? try? JSONDecoder().decode(JSONValue.self, from: data) : nil
    }

    public static func parse(_ data: Data, path: String) throws(LoadFailure) -> FilterManifest {
        if data.count > largest { throw LoadFailure(path, "is larger than 1 MiB") }
        if depth(of: data) > deepest { throw LoadFailure(path, "is nested more than \(deepest) deep") }
        let root: JSONValue
        do {
            root = try JSONDecoder().decode(JSONValue.self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            let why = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
            throw LoadFailure(path, "is not JSON: \(why ?? context.debugDescription)")
        } catch {
            throw LoadFailure(path, "is not JSON")
        }
        var reader = ManifestReader(path: path)
        let manifest = reader.manifest(root)
        guard reader.complaints.isEmpty else { throw LoadFailure(path, reader.complaints.joined(separator: "; ")) }
        return manifest
    }

    private static let keys = [
        "id", "version", "vendor", "licence", "summary", "phases", "symbols", "settings", "rights", "requires", "optional", "execution",
        "concurrency", "scope", "homes", "home", "egress", "files", "temporary", "needs",
    ]

    /// Those that this version runs. One that nobody calls would be a filter that is on and never asked.
    private static let phases: [Phase] = [.connect, .helo, .auth, .mail, .rcpt, .data, .route, .peer, .outcome]

    private mutating func manifest(_ root: JSONValue) -> FilterManifest {
        if root.object == nil { complain("", "must be an object") }
        checkKeys(root, "", Self.keys)
        let id = text(root, "id", pattern: "a-z 0-9 -") { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        let homes = words(root, "homes", FilterManifest.Home.allCases, \.rawValue, required: true)
        let home = word(root, "home", FilterManifest.Home.allCases) ?? homes.first ?? .host
        if !homes.isEmpty, !homes.contains(home) { complain("/home", "'\(home.rawValue)' is not among /homes") }
        let phases = words(root, "phases", Self.phases, \.description, required: true)
        if let settings = root["settings"], settings.object == nil { complain("/settings", "must be a JSON Schema, an object") }
        return FilterManifest(
            id: id, version: text(root, "version"), vendor: text(root, "vendor"), licence: text(root, "licence"),
            summary: text(root, "summary"), phases: Set(phases), symbols: symbols(root), schema: root["settings"] ?? .object([:]),
            rights: Set(words(root, "rights", FilterManifest.Right.allCases, \.rawValue, required: false)),
            requires: strings(root, "requires"),
            optional: strings(root, "optional"), execution: word(root, "execution", FilterManifest.ExecutionClass.allCases) ?? .nonblocking,
            concurrency: word(root, "concurrency", FilterManifest.ConcurrencyMode.allCases) ?? .parallel,
            scope: word(root, "scope", FilterManifest.ResultScope.allCases) ?? .message, homes: homes, recommendedHome: home,
            egress: egress(root), files: files(root), needsTemporary: flag(root, "temporary"),
            needs: words(root, "needs", ContentNeeds.words, \.1, required: false).reduce(into: []) { $0.formUnion($1.0) })
    }

    private mutating func egress(_ root: JSONValue) -> [EgressRule] {
        strings(root, "egress").enumerated().compactMap { index, text in
            let rule = EgressRule(text)
            if rule == nil {
                complain(
                    "/egress/\(index)", "must be https://HOST or http://HOST, with :PORT or :* behind it, or {/pointer into the settings}")
            }
            return rule
        }
    }

    private mutating func symbols(_ root: JSONValue) -> [FilterManifest.DeclaredSymbol] {
        guard let value = root["symbols"] else { return [] }
        guard let items = value.array else {
            complain("/symbols", "must be a list")
            return []
        }
        var seen: Set<String> = []
        return items.enumerated().map { index, item in
            let place = "/symbols/\(index)"
            checkKeys(item, place, ["name", "score", "description"])
            let name = item["name"]?.string ?? ""
            let stem = name.last == "*" ? name.dropLast() : name[...]
            if stem.isEmpty || name.utf8.count > 64 || !stem.utf8.allSatisfy(DeclaredSymbols.allows) {
                complain(place + "/name", "must be A-Z 0-9 _ (and * at its end for a family), 1 to 64 characters")
            }
            if name.hasPrefix("PLUGIN_") { complain(place + "/name", "must not begin with PLUGIN_, as the gateway's own do") }
            if !seen.insert(name).inserted { complain(place + "/name", "'\(name)' is declared twice") }
            let score = item["score"]?.number
            if score == nil || score?.isFinite == false { complain(place + "/score", "must be a number") }
            if let description = item["description"], description.string == nil { complain(place + "/description", "must be text") }
            return .init(name: name, defaultScore: score ?? 0, description: item["description"]?.string ?? "")
        }
    }

    private mutating func files(_ root: JSONValue) -> [FileGrant] {
        guard let value = root["files"] else { return [] }
        guard let items = value.array else {
            complain("/files", "must be a list")
            return []
        }
        return items.enumerated().compactMap { index, item in
            let place = "/files/\(index)"
            checkKeys(item, place, ["path", "setting", "folder"])
            let grantsFolder = flag(item, "folder", in: place)
            switch (item["path"], item["setting"]) {
            case (let path?, nil):
                guard let text = path.string, text.hasPrefix("/"), text.utf8.allSatisfy({ $0 >= 0x20 }) else {
                    complain(place + "/path", "must be an absolute path")
                    return nil
                }
                return FileGrant(source: .path(text), grantsFolder: grantsFolder)
            case (nil, let pointer?):
                guard let names = pointer.string.flatMap(Self.pointer) else {
                    complain(place + "/setting", "must be a JSON pointer into the settings, like /database")
                    return nil
                }
                return FileGrant(source: .setting(names), grantsFolder: grantsFolder)
            default:
                complain(place, "must have a path or a setting")
                return nil
            }
        }
    }

    /// RFC 6901, without the whole document.
    private static func pointer(_ text: String) -> [String]? {
        guard text.hasPrefix("/"), text.utf8.count <= 200 else { return nil }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            $0.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
        }
    }

    // MARK: Values

    private mutating func flag(_ value: JSONValue, _ key: String, in place: String = "") -> Bool {
        guard let member = value[key] else { return false }
        if member.bool == nil { complain(place + "/" + key, "must be true or false") }
        return member.bool ?? false
    }

    private mutating func complain(_ pointer: String, _ text: String) {
        if complaints.count < 20 { complaints.append("\(pointer.isEmpty ? "the document" : pointer) \(text)") }
    }

    private mutating func checkKeys(_ value: JSONValue, _ place: String, _ known: [String]) {
        guard let members = value.object else {
            if !place.isEmpty { complain(place, "must be an object") }
            return
        }
        for key in members.keys.sorted() where !known.contains(key) {
            complain(place + "/" + key, "is not known; known are \(known.joined(separator: ", "))")
        }
    }

    private mutating func text(
        _ root: JSONValue, _ key: String, pattern: String? = nil, allows: (UInt8) -> Bool = { $0 >= 0x20 }
    ) -> String {
        guard let value = root[key] else {
            complain("/" + key, "is missing")
            return ""
        }
        guard let text = value.string, !text.isEmpty, text.utf8.count <= 200, text.utf8.allSatisfy(allows) else {
            complain("/" + key, "must be text of 1 to 200 bytes" + (pattern.map { " out of " + $0 } ?? ""))
            return ""
        }
        return text
    }

    private mutating func strings(_ root: JSONValue, _ key: String) -> [String] {
        guard let value = root[key] else { return [] }
        guard let items = value.array, items.allSatisfy({ $0.string != nil }) else {
            complain("/" + key, "must be a list of texts")
            return []
        }
        return items.compactMap(\.string)
    }

    private mutating func word<T: RawRepresentable<String>>(_ root: JSONValue, _ key: String, _ all: [T]) -> T? {
        guard let value = root[key] else { return nil }
        guard let found = all.first(where: { $0.rawValue == value.string }) else {
            complain("/" + key, "must be one of \(all.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return found
    }

    private mutating func words<T>(_ root: JSONValue, _ key: String, _ all: [T], _ name: (T) -> String, required: Bool) -> [T] {
        guard let value = root[key] else {
            if required { complain("/" + key, "is missing") }
            return []
        }
        guard let items = value.array, !(required && items.isEmpty) else {
            complain("/" + key, required ? "must be a list with at least one word" : "must be a list")
            return []
        }
        var found: [T] = []
        for (index, item) in items.enumerated() {
            if let word = all.first(where: { name($0) == item.string }) {
                found.append(word)
            } else {
                complain("/\(key)/\(index)", "must be one of \(all.map(name).joined(separator: ", "))")
            }
        }
        return found
    }
}
