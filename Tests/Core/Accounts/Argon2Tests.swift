import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import Accounts

/// Against the `argon2` command.
@Suite struct Argon2Tests {
    /// Printed by `argon2 SALT -id -t T -k M -p P -l L -e` of Debian 12.
    @Test(arguments: [
        ("correct horse", "$argon2id$v=19$m=1024,t=3,p=1$c2FsdHNhbHRzYWx0$LQwZv4nUXs3cyzleQOxlq4StSa3xue6hDUdN3ddOuJs"),
        ("Пароль ✓ €", "$argon2id$v=19$m=2048,t=2,p=4$MDEyMzQ1Njc4OWFiY2RlZg$mNp7/oy36pPqCu83JLCcAnyv5p2+g1XAC00L686O11w"),
        ("x", "$argon2id$v=19$m=64,t=1,p=2$ZWlnaHRieXQ$lBsPbc9Sfv7yk8DrY8rXNQ"),
        (
            String(repeating: "a", count: 120),
            "$argon2id$v=19$m=512,t=4,p=3$YSBsb25nZXIgc2FsdCBvZiBzb21lIDMwIGJ5dGVz$dAuIb6OIR6N4l07HnXWNuxTStlb9LLzs3pq0KZ1/YZOKzUrtQnMWnvqGZQyxXpYiN/3TOpZS8+YlWZB2dK639Q"
        ),
        (#"with "quotes" and \"#, "$argon2id$v=19$m=128,t=1,p=1$c2FsdHNhbHRzYWx0$K4Ces7uyQDgoOhYe0isVVkzv/+EP9p8RbPCqWlcIi7Zm"),
    ]) func vectors(_ password: String, _ text: String) throws {
        let hash = try Argon2Hash(text)
        #expect(hash.text == text)
        #expect(try Argon2.matches(password, hash))
        #expect(try !Argon2.matches(password + "x", hash))
        #expect(try !Argon2.matches(String(password.dropLast()) + "!", hash))
        var other = hash
        other.salt[0] ^= 1
        #expect(try !Argon2.matches(password, other))
        other = hash
        other.digest[hash.digest.count - 1] ^= 0x80
        #expect(try !Argon2.matches(password, other))
    }

    @Test func theCommandAgrees() throws {
        let folder = NSTemporaryDirectory() + "postern-argon2-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let password = "correct horse battery staple \u{20AC}"
        try password.write(toFile: folder + "/password", atomically: false, encoding: .utf8)
        let command = try ChildProcess(
            "/usr/bin/argon2", ["some other salt", "-id", "-t", "3", "-k", "65536", "-p", "2", "-l", "32", "-e"],
            input: folder + "/password",
            output: folder + "/hash")
        #expect(command.wait(seconds: 120) == 0)
        let text = try String(contentsOfFile: folder + "/hash", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let theirs = try Argon2Hash(text)
        #expect(theirs.cost == Argon2Hash.Cost(memory: 65536, passes: 3, lanes: 2))
        #expect(try Argon2.matches(password, theirs))
        #expect(try Argon2.digest(of: password, cost: theirs.cost, salt: theirs.salt, length: 32) == theirs.digest)
    }

    @Test func eachHashHasItsSalt() throws {
        let cost = Argon2Hash.Cost(memory: 64, passes: 1, lanes: 1)
        let hashes = try (0..<20).map { _ in try Argon2Hash(hashing: "secret", cost: cost) }
        #expect(Set(hashes.map(\.salt)).count == 20 && Set(hashes.map(\.text)).count == 20)
        for hash in hashes {
            #expect(hash.salt.count == 16 && hash.digest.count == 32)
            #expect(try Argon2.matches("secret", try Argon2Hash(hash.text)))
        }
        #expect(Argon2Hash.Cost.preset.problem == nil)
    }

    @Test func whatIsTooCostlyIsNotTried() {
        for cost in [
            Argon2Hash.Cost(memory: (1 << 20) + 1, passes: 1, lanes: 1), Argon2Hash.Cost(memory: 64, passes: 101, lanes: 1),
            Argon2Hash.Cost(memory: 1024, passes: 1, lanes: 17), Argon2Hash.Cost(memory: 1 << 20, passes: 17, lanes: 1),
        ] {
            #expect(cost.problem != nil)
            #expect(throws: Argon2.Failure.self) {
                try Argon2.digest(of: "x", cost: cost, salt: [UInt8](repeating: 0, count: 16), length: 32)
            }
        }
    }
}
