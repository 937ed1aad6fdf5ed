import Mail
import Testing

/// Which paths settings grant to a worker.
struct FileGrantTests {
    private let folders: Set<String> = ["/db", "/rules", "/rules.d"]

    private func paths(_ grant: FileGrant, _ settings: JSONValue) -> [String] { grant.paths(in: settings) { folders.contains($0) } }

    @Test func aPathOfItsOwn() {
        #expect(paths(FileGrant(source: .path("/usr/share/x/"), grantsFolder: false), .object([:])) == ["/usr/share/x"])
    }

    @Test func whatASettingNames() {
        let grant = FileGrant(source: .setting(["database"]), grantsFolder: false)
        #expect(paths(grant, .object(["database": .string("/db")])) == ["/db"])
        #expect(paths(grant, .object(["database": .string("/db/a.hdb")])) == ["/db/a.hdb"])
        for other: JSONValue in [.string("db"), .string(""), .string("/a\u{0}"), .integer(1), .null, .object([:])] {
            #expect(paths(grant, .object(["database": other])) == [])
        }
        #expect(paths(grant, .object([:])) == [] && paths(grant, .null) == [])
        let deep = FileGrant(source: .setting(["a", "1", "b"]), grantsFolder: false)
        #expect(paths(deep, .object(["a": .array([.null, .object(["b": .string("/x")])])])) == ["/x"])
    }

    @Test func listsPatternsAndFolders() {
        let grant = FileGrant(source: .setting(["rules"]), grantsFolder: true)
        let settings = JSONValue.object([
            "rules": .array(["/rules", "/rules.d", "/etc/x/a.yar", "/etc/y/*.yar", "/etc/z?/a", "relative", "/a.yar"].map { .string($0) })
        ])
        #expect(paths(grant, settings) == ["/rules", "/rules.d", "/etc/x", "/etc/y", "/etc", "/"])
    }
}
