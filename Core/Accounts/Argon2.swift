import CArgon2
import Mail

/// Argon2id by libargon2, on the calling thread: it takes as long as the cost says.
enum Argon2 {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Of the password's bytes as they are: UTF-8, neither normalized nor folded. Lanes are filled one after the other, on this thread alone.
    static func digest(of password: String, cost: Argon2Hash.Cost, salt: [UInt8], length: Int) throws(Failure) -> [UInt8] {
        guard cost.memory <= Argon2Hash.Cost.mostMemory, cost.passes <= Argon2Hash.Cost.mostPasses,
            cost.lanes <= Argon2Hash.Cost.mostLanes, cost.memory * cost.passes <= Argon2Hash.Cost.mostWork
        else { throw Failure(description: "a hash that is too costly") }
        var password = Array(password.utf8)
        var salt = salt
        var digest = [UInt8](repeating: 0, count: length)
        let code = password.withUnsafeMutableBufferPointer { password in
            salt.withUnsafeMutableBufferPointer { salt in
                digest.withUnsafeMutableBufferPointer { digest in
                    var context = argon2_context()
                    context.out = digest.baseAddress
                    context.outlen = UInt32(digest.count)
                    context.pwd = password.baseAddress
                    context.pwdlen = UInt32(password.count)
                    context.salt = salt.baseAddress
                    context.saltlen = UInt32(salt.count)
                    context.t_cost = UInt32(cost.passes)
                    context.m_cost = UInt32(cost.memory)
                    context.lanes = UInt32(cost.lanes)
                    context.threads = 1
                    context.version = UInt32(ARGON2_VERSION_13.rawValue)
                    // Our copy of the password is wiped; so is, by default, the memory.
                    context.flags = 1
                    return argon2id_ctx(&context)
                }
            }
        }
        guard code == ARGON2_OK.rawValue else {
            throw Failure(description: "argon2: \(argon2_error_message(code).map { String(cString: $0) } ?? "error \(code)")")
        }
        return digest
    }

    /// Compared in constant time.
    static func matches(_ password: String, _ hash: Argon2Hash) throws(Failure) -> Bool {
        let digest = try digest(of: password, cost: hash.cost, salt: hash.salt, length: hash.digest.count)
        var difference: UInt8 = 0
        for (a, b) in zip(digest, hash.digest) { difference |= a ^ b }
        return difference == 0
    }
}

extension Argon2Hash {
    /// Hashes a new password, with 16 random bytes of the system's as salt. Takes as long as the cost says.
    public init(hashing password: String, cost: Cost = .preset) throws {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(cost: cost, salt: salt, digest: try Argon2.digest(of: password, cost: cost, salt: salt, length: 32))
    }
}
