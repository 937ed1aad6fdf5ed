import PosternKit

/// Looks for a word in the Subject and says hello. The smallest filter that reads its settings, the message, and gives a verdict.
struct HelloFilter: Filter {
    let greeting: String
    let addsHeader: Bool

    init(settings: Settings, host: Host) throws {
        greeting = try settings.string("greeting", default: "hello")
        addsHeader = try settings.bool("add_header", default: false)
        if greeting.isEmpty || !greeting.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw SettingsError(pointer: "/greeting", text: "must be one word of printable ASCII")
        }
    }

    func data(_ call: Call) async throws {
        guard let subject = try call.message?.fields("Subject").first, subject.lowercased().contains(greeting.lowercased()) else { return }
        call.add(HelloSymbol.hello, detail: "Subject has \"\(greeting)\"")
        if addsHeader { call.addHeader("X-Hello", greeting) }
    }
}

/// As the manifest declares them.
enum HelloSymbol: String {
    case hello = "HELLO"
}
