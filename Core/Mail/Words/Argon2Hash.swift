/// A password hashed with Argon2id (RFC 9106), as password files keep it: `$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH`, the last two in base64
/// without padding. What exceeds the bounds here is no hash for us, so that a file cannot ask for more than a machine has.
public struct Argon2Hash: Hashable, Sendable {
    /// What one check costs.
    public struct Cost: Hashable, Sendable {
        /// In KiB.
        public var memory: Int
        /// Over that memory.
        public var passes: Int
        /// Parts of the memory that could be filled at the same time.
        public var lanes: Int

        public init(memory: Int, passes: Int, lanes: Int) {
            self.memory = memory
            self.passes = passes
            self.lanes = lanes
        }

        /// The second recommendation of RFC 9106 section 4, with one lane.
        public static let preset = Cost(memory: 64 << 10, passes: 3, lanes: 1)

        /// Of one check.
        public static let mostMemory = 1 << 20
        public static let mostPasses = 100
        public static let mostLanes = 16
        /// Memory times passes, in KiB: some ten seconds.
        public static let mostWork = 16 << 20
        /// 7 MiB in 5 passes, 12 MiB in 3, 18 MiB in 2 and 35 MiB in one take a guesser about as long.
        public static let leastMemory = 7 << 10
        public static let leastWork = 35 << 10

        /// Why nobody should use it; nil: it is good.
        public var problem: String? {
            if memory < Self.leastMemory || memory * passes < Self.leastWork {
                return "is too weak: at least 7 MiB (m=\(Self.leastMemory)), and m times t at least \(Self.leastWork)"
            }
            if memory > Self.mostMemory || passes > Self.mostPasses || lanes > Self.mostLanes || memory * passes > Self.mostWork {
                return
                    "is too costly: at most 1 GiB (m=\(Self.mostMemory)), t=\(Self.mostPasses), p=\(Self.mostLanes), and m times t at most \(Self.mostWork)"
            }
            return nil
        }
    }

    /// What a text is wrong with. Never shows the text.
    public struct Malformed: Error, Hashable, Sendable {
        public var what: String
        init(_ what: String) { self.what = what }
    }

    public var cost: Cost
    public var salt: [UInt8]
    public var digest: [UInt8]

    public init(cost: Cost, salt: [UInt8], digest: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    /// Bytes.
    public static let saltLengths = 8...64
    public static let digestLengths = 16...128

    public init(_ text: some StringProtocol) throws(Malformed) {
        guard text.utf8.count <= 512 else { throw Malformed("is too long") }
        let parts = text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count > 1, parts[0].isEmpty else { throw Malformed("is no hash, which begins with `$argon2id$`") }
        guard parts[1] == "argon2id" else { throw Malformed("is of another kind than argon2id") }
        guard parts.count == 6, parts[2].hasPrefix("v=") else {
            throw Malformed("is no whole hash: `$argon2id$v=19$m=...,t=...,p=...$salt$hash`")
        }
        guard parts[2] == "v=19" else { throw Malformed("is of another version than 19 (1.3)") }
        let numbers = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.count == 3, let memory = Self.number(numbers[0], "m="), let passes = Self.number(numbers[1], "t="),
            let lanes = Self.number(numbers[2], "p="), passes > 0, lanes > 0, memory >= 8 * lanes
        else { throw Malformed("has no parameters such as `m=65536,t=3,p=1`") }
        cost = Cost(memory: memory, passes: passes, lanes: lanes)
        guard let salt = Base64.decode(parts[4].utf8), Self.saltLengths.contains(salt.count) else {
            throw Malformed(
                "has no salt of \(Self.saltLengths.lowerBound) to \(Self.saltLengths.upperBound) bytes in base64 without padding")
        }
        guard let digest = Base64.decode(parts[5].utf8), Self.digestLengths.contains(digest.count) else {
            throw Malformed(
                "has no hash of \(Self.digestLengths.lowerBound) to \(Self.digestLengths.upperBound) bytes in base64 without padding")
        }
        self.salt = salt
        self.digest = digest
    }

    /// As a password file keeps it.
    public var text: String {
        "$argon2id$v=19$m=\(cost.memory),t=\(cost.passes),p=\(cost.lanes)$\(Base64.encode(salt))$\(Base64.encode(digest))"
    }

    /// Up to nine digits, no sign, no leading zero.
    private static func number(_ text: Substring, _ name: String) -> Int? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            digits.utf8.first != UInt8(ascii: "0") || digits.utf8.count == 1
        else { return nil }
        return Int(digits)
    }
}
