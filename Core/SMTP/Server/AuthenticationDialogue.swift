import Mail

/// The exchange of AUTH (RFC 4954): PLAIN (RFC 4616) in one response, LOGIN in two, the way every client speaks it.
struct AuthenticationDialogue {
    enum Step: Hashable {
        /// 334 with these words, already in base64.
        case challenge(String)
        case credentials(Credentials)
        case refuse(Reply)
    }

    private enum State {
        case plain
        case login
        /// LOGIN has named its login.
        case password(login: String)
    }

    private var state: State

    /// Those that the server announces.
    static let mechanisms = "PLAIN LOGIN"

    /// RFC 4616 section 2 allows 255 octets for each part; longer ones only cost.
    static let longestPart = 255

    /// nil: a mechanism that nobody announced.
    init?(mechanism: String) {
        switch mechanism {
        case "PLAIN": state = .plain
        case "LOGIN": state = .login
        default: return nil
        }
    }

    /// `initial`: in base64, from AUTH itself; `=` is an empty one (RFC 4954 section 4).
    mutating func start(_ initial: [UInt8]?) -> Step {
        if let initial { return initial.withUnsafeBytes { respond(initial == [UInt8(ascii: "=")] ? .init(rebasing: $0[..<0]) : $0) } }
        // `Username:`; PLAIN asks with nothing.
        if case .login = state { return .challenge("VXNlcm5hbWU6") }
        return .challenge("")
    }

    /// One line of the client, without its CR LF. `*` cancels.
    mutating func respond(_ line: UnsafeRawBufferPointer) -> Step {
        if line.count == 1, line[0] == UInt8(ascii: "*") { return .refuse(ServerReply.authenticationCancelled) }
        guard let bytes = Base64.decode(padded: line) else { return .refuse(ServerReply.badBase64) }
        switch state {
        case .plain:
            // [authzid] NUL authcid NUL passwd
            let parts = bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 3, let names = Self.texts(parts), !names[1].isEmpty, !names[2].isEmpty else {
                return .refuse(ServerReply.badCredentials)
            }
            return .credentials(Credentials(authorizationID: names[0], login: names[1], password: names[2]))
        case .login:
            guard let login = Self.texts([bytes[...]])?[0], !login.isEmpty else { return .refuse(ServerReply.badCredentials) }
            state = .password(login: login)
            // `Password:`
            return .challenge("UGFzc3dvcmQ6")
        case .password(let login):
            guard let password = Self.texts([bytes[...]])?[0], !password.isEmpty else { return .refuse(ServerReply.badCredentials) }
            return .credentials(Credentials(login: login, password: password))
        }
    }

    /// UTF-8 without NUL, as RFC 4616 wants it.
    private static func texts(_ parts: [ArraySlice<UInt8>]) -> [String]? {
        var texts: [String] = []
        for part in parts {
            guard part.count <= longestPart, !part.contains(0), let text = String(validating: part, as: UTF8.self) else { return nil }
            texts.append(text)
        }
        return texts
    }
}
