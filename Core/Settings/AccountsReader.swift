import Glibc
import Mail

/// Reads a password file: one `login:$argon2id$...` a line, `#` begins a comment line. Its problems name logins, never hashes.
enum AccountsReader {
    /// Login with its domain, in lower case -> hash. `domains`: whose logins may stand there, the domain before its aliases; a login without
    /// `@` is one of the first. `place`: where the file is named.
    static func read(_ path: String, domains: [String], at place: SettingsPlace, _ problems: ProblemList) -> [String: String] {
        guard let text = SettingsFile.read(path, most: SettingsFile.maximumList, at: place, problems) else { return [:] }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IROTH != 0 {
            problems.warning(
                place, "everybody on this machine can read the password file `\(path)`", mend: "chmod 0640, with the gateway's group")
        }
        var accounts: [String: String] = [:]
        var lines: [String: Int] = [:]
        var firstCost: Argon2Hash.Cost?
        var hasOtherCosts = false
        var number = 0
        for row in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            var row = row
            while let last = row.last, " \t\r".utf8.contains(last) { row = row.dropLast() }
            guard let start = row.firstIndex(where: { !" \t".utf8.contains($0) }), row[start] != UInt8(ascii: "#") else { continue }
            func here(_ index: Substring.UTF8View.Index) -> SettingsPlace {
                SettingsPlace(file: path, line: number, column: String(decoding: row[..<index], as: UTF8.self).unicodeScalars.count + 1)
            }
            guard let colon = row[start...].firstIndex(of: UInt8(ascii: ":")) else {
                problems.error(here(start), "this line is no account", mend: "write `login:$argon2id$...`, as `postern password` prints it")
                continue
            }
            let hash = String(decoding: row[row.index(after: colon)...], as: UTF8.self)
            guard let login = login(String(decoding: row[start..<colon], as: UTF8.self), domains, at: here(start), problems),
                let cost = cost(hash, of: login, at: here(row.index(after: colon)), problems)
            else { continue }
            if let first = lines[login] {
                problems.error(here(start), "`\(login.shortened)` stands twice, first in line \(first)", mend: "remove one of the two")
                continue
            }
            lines[login] = number
            accounts[login] = hash
            if firstCost == nil { firstCost = cost }
            if cost != firstCost, !hasOtherCosts {
                hasOtherCosts = true
                problems.warning(
                    here(row.index(after: colon)),
                    "hashes of different cost: how long a refusal takes may tell which logins there are",
                    mend: "give all logins hashes of one cost when their passwords change")
            }
        }
        return accounts
    }

    private static func login(_ text: String, _ domains: [String], at place: SettingsPlace, _ problems: ProblemList) -> String? {
        let primary = domains.first ?? ""
        let address = text.utf8.contains(UInt8(ascii: "@")) ? EmailAddress(unchecked: text) : EmailAddress(localPart: text, domain: primary)
        guard let address, (1...64).contains(address.localPart.utf8.count), address.localPart.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else {
            problems.error(place, "`\(text.shortened)` is no login", mend: "write `name@\(primary)`")
            return nil
        }
        let login = "\(address.localPart)@\(address.domain)".lowercased()
        guard domains.contains(address.domain.lowercased()) else {
            problems.error(
                place, "`\(text.shortened)` is no login of this domain or its aliases",
                mend: "correct it, or put it into its own domain's file")
            return nil
        }
        return login
    }

    private static func cost(_ hash: String, of login: String, at place: SettingsPlace, _ problems: ProblemList) -> Argon2Hash.Cost? {
        let mend = "write what `postern password \(login.shortened)` prints"
        let cost: Argon2Hash.Cost
        do { cost = try Argon2Hash(hash).cost } catch {
            problems.error(place, "the hash of `\(login.shortened)` \(error.what)", mend: mend)
            return nil
        }
        guard let problem = cost.problem else { return cost }
        problems.error(place, "the hash of `\(login.shortened)` \(problem)", mend: mend)
        return nil
    }
}
