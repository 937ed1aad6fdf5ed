/// What differs for `file:`, whose host may be missing and whose path may begin with a drive letter (URL standard, section 4.4).
extension URLStates {
    mutating func file(_ c: Int) -> Step {
        setScheme("file")
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

    mutating func fileSlash(_ c: Int) -> Step {
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

    mutating func fileHost(_ c: Int) -> Step {
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
        buffer.removeAll(keepingCapacity: true)
        return again(.pathStart)
    }

    static func isDriveLetter(_ text: some Collection<UInt8>, normalized: Bool) -> Bool {
        guard text.count == 2, let first = text.first, isLetter(Int(first)) else { return false }
        let second = text.dropFirst().first
        return second == UInt8(ascii: ":") || !normalized && second == UInt8(ascii: "|")
    }

    func startsWithDriveLetter(_ at: Int) -> Bool {
        guard at + 2 <= input.count, Self.isDriveLetter(input[at..<at + 2], normalized: false) else { return false }
        return at + 2 == input.count || [47, 92, 63, 35].contains(input[at + 2])
    }
}
