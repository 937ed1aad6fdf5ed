import Accounts
import ArgumentParser
import Mail
import Settings

/// `postern password`: a line for a password file.
struct Password: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hashes a password (Argon2id) and prints the line for a domain's password file.",
        discussion: """
            On a terminal it asks twice and shows nothing; otherwise it reads one line from standard input. The file is named in the domain's \
            `outbound: {accounts: FILE}`; the gateway takes the change by itself.
            """)

    @Argument(help: "Whose password: user@example.com. Without it only the hash is printed.")
    var login: String?

    @Option(help: ArgumentHelp("Memory that one check takes, 7MiB to 1GiB.", valueName: "size"))
    var memory: String = "64MiB"

    @Option(help: ArgumentHelp("Passes over that memory (t).", valueName: "n"))
    var passes: Int = Argon2Hash.Cost.preset.passes

    @Option(help: ArgumentHelp("Lanes (p).", valueName: "n"))
    var lanes: Int = Argon2Hash.Cost.preset.lanes

    func validate() throws {
        let cost = try cost()
        guard (1...Argon2Hash.Cost.mostPasses).contains(cost.passes) else {
            throw ValidationError("--passes is a number from 1 to \(Argon2Hash.Cost.mostPasses)")
        }
        guard (1...Argon2Hash.Cost.mostLanes).contains(cost.lanes) else {
            throw ValidationError("--lanes is a number from 1 to \(Argon2Hash.Cost.mostLanes)")
        }
        if let problem = cost.problem { throw ValidationError("that \(problem)") }
        if let login, !Self.isLogin(login) { throw ValidationError("'\(login)' is no login: give one as in user@example.com") }
    }

    func run() throws {
        let password = try SecretInput.line("Password: ")
        if SecretInput.isTerminal, try SecretInput.line("Again: ") != password {
            throw SecretInput.Failure(description: "the two differ; nothing was made")
        }
        guard !password.isEmpty else { throw SecretInput.Failure(description: "an empty password is none") }
        let hash = try Argon2Hash(hashing: password, cost: cost()).text
        Terminal.print(login.map { "\($0.lowercased()):\(hash)" } ?? hash)
    }

    private func cost() throws -> Argon2Hash.Cost {
        guard let bytes = Units.bytes(memory), bytes <= 1 << 40 else { throw ValidationError("'\(memory)' is no size: give one as 64MiB") }
        return Argon2Hash.Cost(memory: bytes >> 10, passes: passes, lanes: lanes)
    }

    private static func isLogin(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 320
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "#") }
    }
}
