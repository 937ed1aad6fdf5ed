import Foundation
import Testing

/// The headers stand alone, each, as C11 and as C++17.
struct HeaderTests {
    @Test(arguments: [("cc", "c", "-std=c11"), ("c++", "c++", "-std=c++17")])
    func compileCleanly(_ compiler: String, _ language: String, _ standard: String) throws {
        let include = TestPlugins.tree + "/SDK/CPostern/include"
        let names = try FileManager.default.subpathsOfDirectory(atPath: include + "/postern").filter { $0.hasSuffix(".h") }
        #expect(names.count >= 18)
        let plugins = try TestPlugins()
        for name in names {
            let file = plugins.folder + "/one.\(language)"
            try "#include \"postern/\(name)\"\n".write(toFile: file, atomically: true, encoding: .utf8)
            try run(
                compiler, ["-x", language, standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-I" + include, "-fsyntax-only", file])
        }
    }

    @Test func layoutHolds() throws {
        let sdk = TestPlugins.tree + "/SDK/CPostern"
        let parts = try FileManager.default.contentsOfDirectory(atPath: sdk + "/layout").filter { $0.hasSuffix(".c") }
        #expect(parts.count >= 4)
        for part in parts.map({ sdk + "/layout/" + $0 }) {
            try run("cc", ["-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I" + sdk + "/include", "-fsyntax-only", part])
        }
    }
}
