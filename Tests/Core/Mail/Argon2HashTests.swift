import Mail
import Testing

@Suite struct Argon2HashTests {
    static let salt = "c2FsdHNhbHRzYWx0"
    static let digest = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzw"

    static func text(_ parameters: String, salt: String = salt, digest: String = digest) -> String {
        "$argon2id$v=19$\(parameters)$\(salt)$\(digest)"
    }

    @Test func readsAndWrites() throws {
        let hash = try Argon2Hash(Self.text("m=65536,t=3,p=4"))
        #expect(hash.cost == Argon2Hash.Cost(memory: 65536, passes: 3, lanes: 4))
        #expect(hash.salt == Array("saltsaltsalt".utf8) && hash.digest.count == 32)
        #expect(hash.text == Self.text("m=65536,t=3,p=4"))
        for length in 8...64 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let hash = Argon2Hash(cost: .preset, salt: bytes, digest: bytes + bytes)
            #expect(try Argon2Hash(hash.text) == hash)
        }
    }

    @Test(arguments: [
        "", "$", "$$$$$", "secret", "argon2id", "$2y$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=65536,t=3,p=4$\(salt)$\(digest)",
        "$argon2d$v=19$m=65536,t=3,p=4$\(salt)$\(digest)", "$Argon2id$v=19$m=65536,t=3,p=4$\(salt)$\(digest)",
        "$argon2id$m=65536,t=3,p=4$\(salt)$\(digest)", "$argon2id$v=16$m=65536,t=3,p=4$\(salt)$\(digest)",
        "$argon2id$v=19$m=65536,t=3,p=4$\(salt)", "$argon2id$v=19$m=65536,t=3,p=4$\(salt)$\(digest)$",
        "$argon2id$v=19$m=65536,t=3,p=4$\(salt)$",
        " \(text("m=65536,t=3,p=4"))", "\(text("m=65536,t=3,p=4")) ", text("t=3,m=65536,p=4"), text("m=65536,t=3"),
        text("m=65536,t=3,p=4,k=1"),
        text("m=-1,t=3,p=4"), text("m=+65536,t=3,p=4"), text("m=065536,t=3,p=4"), text("m=65536,t=0,p=4"), text("m=65536,t=3,p=0"),
        text("m=31,t=3,p=4"), text("m=9999999999,t=3,p=4"), text("m=18446744073709551617,t=3,p=4"), text("m=٦,t=3,p=1"), text("m=,t=,p="),
        text("m=65536,t=3,p=4", salt: ""), text("m=65536,t=3,p=4", salt: "c2FsdHM"), text("m=65536,t=3,p=4", salt: "c2FsdHNhbHRzYWx0=="),
        text("m=65536,t=3,p=4", salt: "c2FsdHNhbHRzYWx0A"), text("m=65536,t=3,p=4", salt: "c2Fsd-Nhb_RzYWx0"),
        text("m=65536,t=3,p=4", digest: "c2FsdHNhbHRzYWx0c2E"),
        text("m=65536,t=3,p=4", digest: "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzx"),
        text("m=65536,t=3,p=4", digest: String(repeating: "A", count: 400)),
        text("m=65536,t=3,p=4", salt: String(repeating: "A", count: 600)),
        text("m=65536,t=3,p=4", salt: "c2FsdHNh\0bHRzYWx0"),
    ]) func refuses(_ text: String) {
        let failure = #expect(throws: Argon2Hash.Malformed.self) { try Argon2Hash(text) }
        // What is wrong is said without what is secret.
        #expect(failure.map { !$0.what.contains(Self.digest) && !$0.what.contains("secret") } == true)
    }

    @Test(arguments: [
        (7168, 5, 1, true), (7168, 4, 1, false), (7167, 50, 1, false), (12288, 3, 1, true), (19456, 2, 1, true), (35840, 1, 1, true),
        (35839, 1, 1, false), (4096, 3, 1, false), (65536, 3, 1, true), (1 << 20, 1, 16, true), (1 << 20, 16, 1, true),
        (1 << 20, 17, 1, false),
        ((1 << 20) + 1, 1, 1, false), (65536, 101, 1, false), (65536, 3, 17, false),
    ]) func costs(_ memory: Int, _ passes: Int, _ lanes: Int, _ isGood: Bool) {
        #expect((Argon2Hash.Cost(memory: memory, passes: passes, lanes: lanes).problem == nil) == isGood)
    }
}
