import ArgumentParser
import Glibc

/// `postern plugin new`: a folder with a filter that works, to be changed into one's own.
struct PluginNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes a folder with a new filter: source, manifest and what builds it.",
        discussion: """
            What it writes is the example of the SDK under another name: it looks for a word in the Subject. It builds against the SDK that was \
            installed with this program; README.md in the new folder says how.
            """)

    enum Language: String, ExpressibleByArgument, CaseIterable { case c, cpp, swift }

    @Argument(help: ArgumentHelp("Its ID: small letters, digits and `-`. The folder gets this name.", valueName: "name"))
    var name: String

    @Option(help: "c, cpp or swift.")
    var language: Language

    @Option(help: ArgumentHelp("Where the folder is made.", valueName: "folder"))
    var `in` = "."

    @Option(help: ArgumentHelp("The SDK, where it is not the one beside this program.", valueName: "folder"))
    var sdk: String?

    func validate() throws {
        let isID = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isID, name.utf8.first.map({ (97...122).contains($0) }) == true, name.utf8.count <= 64 else {
            throw ValidationError("'\(name)' is no ID: small letters, digits and -, a letter first, 64 at most")
        }
    }

    func run() throws {
        let template = try PluginTemplate(language.rawValue, sdk: sdk)
        let folder = `in` + "/" + name
        try template.write(to: folder, as: name)
        Terminal.print("\(folder): a filter that works. Its README.md says how to build it and how to try it.")
    }
}
