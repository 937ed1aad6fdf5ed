/// The states of URL parsing (URL standard, section 4.4, "basic URL parser" without a state override). Byte by byte; -1 is the end.
struct URLStates {
    enum State {
        case schemeStart, scheme, noScheme, specialRelativeOrAuthority, pathOrAuthority, relative, relativeSlash
        case specialAuthoritySlashes, specialAuthorityIgnoreSlashes, authority, host, port
        case file, fileSlash, fileHost, pathStart, path, opaquePath, query, fragment
    }

    enum Step { case next, failure }

    let input: [UInt8]
    let base: URLRecord?
    var url = URLRecord()
    /// Of `url`: asked for at nearly every byte.
    private(set) var isSpecial = false
    var segments: [String] = []
    var state = State.schemeStart
    var buffer: [UInt8] = []
    var at = 0
    var sawAt = false
    var isInBrackets = false
    var sawPassword = false
    var username: [UInt8] = []
    var password: [UInt8] = []

    init(input: [UInt8], base: URLRecord?) {
        self.input = input
        self.base = base
    }

    mutating func run() -> URLRecord? {
        while true {
            let c = at < input.count ? Int(input[at]) : -1
            if step(c) == .failure { return nil }
            if at >= input.count, c < 0 { return finished() }
            at += 1
        }
    }

    private mutating func finished() -> URLRecord {
        if !url.hasOpaquePath { url.path = .list(segments) }
        url.username = text(username)
        url.password = text(password)
        return url
    }

    private mutating func step(_ c: Int) -> Step {
        switch state {
        case .schemeStart: schemeStart(c)
        case .scheme: scheme(c)
        case .noScheme: noScheme(c)
        case .specialRelativeOrAuthority: specialRelativeOrAuthority(c)
        case .pathOrAuthority: pathOrAuthority(c)
        case .relative: relative(c)
        case .relativeSlash: relativeSlash(c)
        case .specialAuthoritySlashes: specialAuthoritySlashes(c)
        case .specialAuthorityIgnoreSlashes: specialAuthorityIgnoreSlashes(c)
        case .authority: authority(c)
        case .host: host(c)
        case .port: port(c)
        case .file: file(c)
        case .fileSlash: fileSlash(c)
        case .fileHost: fileHost(c)
        case .pathStart: pathStart(c)
        case .path: path(c)
        case .opaquePath: opaquePath(c)
        case .query: query(c)
        case .fragment: fragment(c)
        }
    }

    // MARK: Small things

    static let slash = Int(UInt8(ascii: "/"))
    static let backslash = Int(UInt8(ascii: "\\"))
    static let colon = Int(UInt8(ascii: ":"))
    static let question = Int(UInt8(ascii: "?"))
    static let hash = Int(UInt8(ascii: "#"))

    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    func isSlash(_ c: Int) -> Bool { c == Self.slash || isSpecial && c == Self.backslash }

    /// The state `next` sees this byte again.
    mutating func again(_ next: State) -> Step {
        state = next
        at -= 1
        return .next
    }

    mutating func go(_ next: State) -> Step {
        state = next
        return .next
    }

    func follows(_ bytes: StaticString) -> Bool {
        let count = bytes.utf8CodeUnitCount
        guard at + count < input.count else { return false }
        return bytes.withUTF8Buffer { $0.elementsEqual(input[(at + 1)...(at + count)]) }
    }

    static func isLetter(_ c: Int) -> Bool { (97...122).contains(c | 0x20) && c > 0 }
    static func isDigit(_ c: Int) -> Bool { (48...57).contains(c) }

    mutating func setScheme(_ scheme: String) {
        url.scheme = scheme
        isSpecial = url.isSpecial
    }

    /// Appends all up to what ends a piece, encoded.
    @inline(__always) mutating func take(_ set: PercentEncodeSet, upTo isEnd: (UInt8) -> Bool) -> Step {
        while at < input.count, !isEnd(input[at]) {
            set.append(input[at], to: &buffer)
            at += 1
        }
        at -= 1
        return .next
    }

    mutating func copyFromBase(_ base: URLRecord, authority: Bool, query: Bool) {
        if authority {
            username = Array(base.username.utf8)
            password = Array(base.password.utf8)
            url.host = base.host
            url.port = base.port
        }
        if case .list(let list) = base.path { segments = list } else { url.path = base.path }
        if query { url.query = base.query }
    }

    // MARK: Scheme

    private mutating func schemeStart(_ c: Int) -> Step {
        guard Self.isLetter(c) else { return again(.noScheme) }
        buffer.append(UInt8(c | 0x20))
        return go(.scheme)
    }

    private mutating func scheme(_ c: Int) -> Step {
        if Self.isLetter(c) {
            buffer.append(UInt8(c | 0x20))
            return .next
        }
        if Self.isDigit(c) || c == 0x2B || c == 0x2D || c == 0x2E {
            buffer.append(UInt8(c))
            return .next
        }
        guard c == Self.colon else {
            buffer.removeAll(keepingCapacity: true)
            at = -1
            return go(.noScheme)
        }
        setScheme(text(buffer))
        buffer.removeAll(keepingCapacity: true)
        if url.scheme == "file" { return go(.file) }
        if isSpecial { return go(base?.scheme == url.scheme ? .specialRelativeOrAuthority : .specialAuthoritySlashes) }
        if follows("/") {
            at += 1
            return go(.pathOrAuthority)
        }
        url.path = .opaque("")
        return go(.opaquePath)
    }

    private mutating func noScheme(_ c: Int) -> Step {
        guard let base, !base.hasOpaquePath || c == Self.hash else { return .failure }
        setScheme(base.scheme)
        if base.hasOpaquePath {
            copyFromBase(base, authority: true, query: true)
            return go(.fragment, clearing: true)
        }
        return again(base.scheme == "file" ? .file : .relative)
    }

    mutating func go(_ next: State, clearing: Bool) -> Step {
        buffer.removeAll(keepingCapacity: true)
        return go(next)
    }

    // MARK: Relative to a base

    private mutating func relative(_ c: Int) -> Step {
        guard let base else { return .failure }
        setScheme(base.scheme)
        if isSlash(c) { return go(.relativeSlash) }
        copyFromBase(base, authority: true, query: true)
        if c == Self.question {
            url.query = nil
            return go(.query)
        }
        if c == Self.hash { return go(.fragment) }
        guard c >= 0 else { return .next }
        url.query = nil
        shorten()
        return again(.path)
    }

    private mutating func relativeSlash(_ c: Int) -> Step {
        if isSpecial, c == Self.slash || c == Self.backslash { return go(.specialAuthorityIgnoreSlashes) }
        if c == Self.slash { return go(.authority) }
        if let base {
            username = Array(base.username.utf8)
            password = Array(base.password.utf8)
            url.host = base.host
            url.port = base.port
        }
        return again(.path)
    }
}
