/// The states of URL parsing (URL standard, section 4.4, "basic URL parser" without a state override). Byte by byte; -1 is the end.
struct URLStates {
    private enum State {
        case schemeStart, scheme, noScheme, specialRelativeOrAuthority, pathOrAuthority, relative, relativeSlash
        case specialAuthoritySlashes, specialAuthorityIgnoreSlashes, authority, host, port
        case file, fileSlash, fileHost, pathStart, path, opaquePath, query, fragment
    }

    private enum Step { case next, failure, done }

    private let input: [UInt8]
    private let base: URLRecord?
    private var url = URLRecord()
    private var segments: [String] = []
    private var state = State.schemeStart
    private var buffer: [UInt8] = []
    private var at = 0
    private var sawAt = false
    private var isInBrackets = false
    private var sawPassword = false
    private var username: [UInt8] = []
    private var password: [UInt8] = []

    init(input: [UInt8], base: URLRecord?) {
        self.input = input
        self.base = base
    }

    mutating func run() -> URLRecord? {
        while true {
            let c = at < input.count ? Int(input[at]) : -1
            switch step(c) {
            case .failure: return nil
            case .done: return finished()
            case .next: break
            }
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

    private static let slash = Int(UInt8(ascii: "/"))
    private static let backslash = Int(UInt8(ascii: "\\"))
    private static let colon = Int(UInt8(ascii: ":"))
    private static let question = Int(UInt8(ascii: "?"))
    private static let hash = Int(UInt8(ascii: "#"))

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func isSlash(_ c: Int) -> Bool { c == Self.slash || url.isSpecial && c == Self.backslash }

    /// The state `next` sees this byte again.
    private mutating func again(_ next: State) -> Step {
        state = next
        at -= 1
        return .next
    }

    private mutating func go(_ next: State) -> Step {
        state = next
        return .next
    }

    private func follows(_ bytes: StaticString) -> Bool {
        let count = bytes.utf8CodeUnitCount
        guard at + count < input.count else { return false }
        return bytes.withUTF8Buffer { $0.elementsEqual(input[(at + 1)...(at + count)]) }
    }

    private static func isLetter(_ c: Int) -> Bool { (97...122).contains(c | 0x20) && c > 0 }
    private static func isDigit(_ c: Int) -> Bool { (48...57).contains(c) }

    private mutating func copyFromBase(_ base: URLRecord, authority: Bool, query: Bool) {
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
            buffer = []
            at = -1
            return go(.noScheme)
        }
        url.scheme = text(buffer)
        buffer = []
        if url.scheme == "file" { return go(.file) }
        if url.isSpecial { return go(base?.scheme == url.scheme ? .specialRelativeOrAuthority : .specialAuthoritySlashes) }
        if follows("/") {
            at += 1
            return go(.pathOrAuthority)
        }
        url.path = .opaque("")
        return go(.opaquePath)
    }

    private mutating func noScheme(_ c: Int) -> Step {
        guard let base, !base.hasOpaquePath || c == Self.hash else { return .failure }
        url.scheme = base.scheme
        if base.hasOpaquePath {
            copyFromBase(base, authority: true, query: true)
            return go(.fragment, clearing: true)
        }
        return again(base.scheme == "file" ? .file : .relative)
    }

    private mutating func go(_ next: State, clearing: Bool) -> Step {
        buffer = []
        return go(next)
    }

    // MARK: Authority

    private mutating func specialRelativeOrAuthority(_ c: Int) -> Step {
        if c == Self.slash, follows("/") {
            at += 1
            return go(.specialAuthorityIgnoreSlashes)
        }
        return again(.relative)
    }

    private mutating func pathOrAuthority(_ c: Int) -> Step { c == Self.slash ? go(.authority) : again(.path) }

    private mutating func relative(_ c: Int) -> Step {
        guard let base else { return .failure }
        url.scheme = base.scheme
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
        if url.isSpecial, c == Self.slash || c == Self.backslash { return go(.specialAuthorityIgnoreSlashes) }
        if c == Self.slash { return go(.authority) }
        if let base {
            username = Array(base.username.utf8)
            password = Array(base.password.utf8)
            url.host = base.host
            url.port = base.port
        }
        return again(.path)
    }

    private mutating func specialAuthoritySlashes(_ c: Int) -> Step {
        if c == Self.slash, follows("/") {
            at += 1
            return go(.specialAuthorityIgnoreSlashes)
        }
        return again(.specialAuthorityIgnoreSlashes)
    }

    private mutating func specialAuthorityIgnoreSlashes(_ c: Int) -> Step {
        c == Self.slash || c == Self.backslash ? .next : again(.authority)
    }

    private mutating func authority(_ c: Int) -> Step {
        if c == 0x40 {
            if sawAt { buffer.insert(contentsOf: "%40".utf8, at: 0) }
            sawAt = true
            for byte in buffer {
                if byte == UInt8(ascii: ":"), !sawPassword {
                    sawPassword = true
                } else if sawPassword {
                    PercentEncodeSet.userInfo.append(byte, to: &password)
                } else {
                    PercentEncodeSet.userInfo.append(byte, to: &username)
                }
            }
            buffer = []
            return .next
        }
        if c < 0 || isSlash(c) || c == Self.question || c == Self.hash {
            if sawAt, buffer.isEmpty { return .failure }
            at -= buffer.count + 1
            return go(.host, clearing: true)
        }
        buffer.append(UInt8(c))
        return .next
    }

    private mutating func host(_ c: Int) -> Step {
        if c == Self.colon, !isInBrackets {
            if buffer.isEmpty { return .failure }
            guard let host = URLHostParser.parse(buffer, isSpecial: url.isSpecial) else { return .failure }
            url.host = host
            return go(.port, clearing: true)
        }
        if c < 0 || isSlash(c) || c == Self.question || c == Self.hash {
            if url.isSpecial, buffer.isEmpty { return .failure }
            guard let host = URLHostParser.parse(buffer, isSpecial: url.isSpecial) else { return .failure }
            url.host = host
            buffer = []
            return again(.pathStart)
        }
        if c == 0x5B { isInBrackets = true }
        if c == 0x5D { isInBrackets = false }
        buffer.append(UInt8(c))
        return .next
    }

    private mutating func port(_ c: Int) -> Step {
        if Self.isDigit(c) {
            buffer.append(UInt8(c))
            return .next
        }
        guard c < 0 || isSlash(c) || c == Self.question || c == Self.hash else { return .failure }
        if !buffer.isEmpty {
            var value = 0
            for digit in buffer {
                value = value * 10 + Int(digit) - 48
                if value > 65535 { return .failure }
            }
            url.port = URLRecord.specialPorts[url.scheme] == .some(.some(UInt16(value))) ? nil : UInt16(value)
            buffer = []
        }
        return again(.pathStart)
    }

    // MARK: Files

    private mutating func file(_ c: Int) -> Step {
        url.scheme = "file"
        url.host = .empty
        if c == Self.slash || c == Self.backslash { return go(.fileSlash) }
        guard let base, base.scheme == "file" else { return again(.path) }
        copyFromBase(base, authority: false, query: true)
        url.host = base.host
        if c == Self.question {
            url.query = nil
            return go(.query)
        }
        if c == Self.hash { return go(.fragment) }
        guard c >= 0 else { return .next }
        url.query = nil
        if !startsWithDriveLetter(at) { shorten() } else { segments = [] }
        return again(.path)
    }

    private mutating func fileSlash(_ c: Int) -> Step {
        if c == Self.slash || c == Self.backslash { return go(.fileHost) }
        if let base, base.scheme == "file" {
            url.host = base.host
            if !startsWithDriveLetter(at), case .list(let list) = base.path, let first = list.first,
                Self.isDriveLetter(first.utf8, normalized: true)
            {
                segments.append(first)
            }
        }
        return again(.path)
    }

    private mutating func fileHost(_ c: Int) -> Step {
        guard c < 0 || c == Self.slash || c == Self.backslash || c == Self.question || c == Self.hash else {
            buffer.append(UInt8(c))
            return .next
        }
        if Self.isDriveLetter(buffer, normalized: false) { return again(.path) }
        if buffer.isEmpty {
            url.host = .empty
        } else {
            guard let host = URLHostParser.parse(buffer, isSpecial: true) else { return .failure }
            url.host = host == .domain("localhost") ? .empty : host
        }
        buffer = []
        return again(.pathStart)
    }

    private static func isDriveLetter(_ text: some Collection<UInt8>, normalized: Bool) -> Bool {
        guard text.count == 2, let first = text.first, isLetter(Int(first)) else { return false }
        let second = text.dropFirst().first
        return second == UInt8(ascii: ":") || !normalized && second == UInt8(ascii: "|")
    }

    private func startsWithDriveLetter(_ at: Int) -> Bool {
        guard at + 2 <= input.count, Self.isDriveLetter(input[at..<at + 2], normalized: false) else { return false }
        return at + 2 == input.count || [47, 92, 63, 35].contains(input[at + 2])
    }

    // MARK: Path, query, fragment

    private mutating func shorten() {
        if url.scheme == "file", segments.count == 1, Self.isDriveLetter(segments[0].utf8, normalized: true) { return }
        _ = segments.popLast()
    }

    private mutating func pathStart(_ c: Int) -> Step {
        if url.isSpecial {
            state = .path
            if c != Self.slash, c != Self.backslash { at -= 1 }
            return .next
        }
        if c == Self.question { return go(.query) }
        if c == Self.hash { return go(.fragment) }
        guard c >= 0 else { return .next }
        state = .path
        if c != Self.slash { at -= 1 }
        return .next
    }

    private mutating func path(_ c: Int) -> Step {
        guard c < 0 || isSlash(c) || c == Self.question || c == Self.hash else {
            PercentEncodeSet.path.append(UInt8(c), to: &buffer)
            return .next
        }
        let dots = Self.dots(buffer)
        if dots == 2 {
            shorten()
            if !isSlash(c) { segments.append("") }
        } else if dots == 1 {
            if !isSlash(c) { segments.append("") }
        } else {
            if url.scheme == "file", segments.isEmpty, Self.isDriveLetter(buffer, normalized: false) { buffer[1] = UInt8(ascii: ":") }
            segments.append(text(buffer))
        }
        buffer = []
        if c == Self.question { return go(.query) }
        if c == Self.hash { return go(.fragment) }
        return .next
    }

    /// How many dots a segment is, `%2e` counted too; 0: it is none.
    private static func dots(_ segment: [UInt8]) -> Int {
        guard (1...6).contains(segment.count) else { return 0 }
        var rest = segment[...]
        var count = 0
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.popFirst() == UInt8(ascii: "2"), rest.popFirst()! | 0x20 == UInt8(ascii: "e") else { return 0 }
            } else if byte != UInt8(ascii: ".") {
                return 0
            }
            count += 1
        }
        return count > 2 ? 0 : count
    }

    private mutating func opaquePath(_ c: Int) -> Step {
        if c == 0x20 {
            // A space at the very end of the path would be lost in a second parse.
            if at + 1 < input.count, input[at + 1] == UInt8(ascii: "?") || input[at + 1] == UInt8(ascii: "#") {
                buffer += "%20".utf8
            } else {
                buffer.append(0x20)
            }
            return .next
        }
        if c >= 0, c != Self.question, c != Self.hash {
            PercentEncodeSet.control.append(UInt8(c), to: &buffer)
            return .next
        }
        url.path = .opaque(text(buffer))
        buffer = []
        if c == Self.question { return go(.query) }
        return c == Self.hash ? go(.fragment) : .next
    }

    private mutating func query(_ c: Int) -> Step {
        guard c < 0 || c == Self.hash else {
            (url.isSpecial ? PercentEncodeSet.specialQuery : .query).append(UInt8(c), to: &buffer)
            return .next
        }
        url.query = text(buffer)
        buffer = []
        return c == Self.hash ? go(.fragment) : .next
    }

    private mutating func fragment(_ c: Int) -> Step {
        guard c < 0 else {
            PercentEncodeSet.fragment.append(UInt8(c), to: &buffer)
            return .next
        }
        url.fragment = text(buffer)
        return .next
    }
}
