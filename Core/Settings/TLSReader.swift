import Mail

/// Reads `tls:` of postern.yaml and of its listeners.
final class TLSReader {
    /// What stands under one `tls`. What is nil was not said.
    struct Section {
        var certificates: [ServerTLSPolicy.Files] = []
        var least: ServerTLSPolicy.Version?
        var most: ServerTLSPolicy.Version?
        var suites: [CipherSuite]?
        var isRequired = false
        var isImplicit = false
        /// Something was wrong and has been told.
        var isBroken = false
    }

    private let folder: String
    private let problems: ProblemList
    /// `tls:` of postern.yaml: what listeners have that say nothing else.
    private var common: Section?
    /// Where each certificate is named.
    private(set) var places: [ServerTLSPolicy.Files: SettingsPlace] = [:]

    init(folder: String, _ problems: ProblemList) {
        self.folder = folder
        self.problems = problems
    }

    /// `tls:` of postern.yaml itself. Once, before the listeners.
    func readCommon(_ map: MappingReader) {
        guard let map = map.mapping("tls") else { return }
        common = section(map, isCommon: true)
    }

    /// `tls:` of a listener: a mapping, or `true` for what postern.yaml says for all. nil: no TLS, or a problem that has been told.
    func read(_ entry: MappingReader) -> (policy: ServerTLSPolicy, section: Section)? {
        guard let node = entry.node("tls") else { return nil }
        if let isOn = node.bool {
            if isOn, common == nil {
                problems.error(
                    node.place, "`tls: true` stands for `tls` of postern.yaml, which is not there",
                    mend: "write `tls: {certificate: cert.pem, key: key.pem}` here or at the top")
            }
            guard isOn, let common else { return nil }
            return policy(Section(), common, at: node.place)
        }
        guard let map = MappingReader(node, problems, what: "`tls`") else { return nil }
        return policy(section(map, isCommon: false), common, at: map.place)
    }

    private func policy(_ own: Section, _ common: Section?, at place: SettingsPlace) -> (ServerTLSPolicy, Section)? {
        let certificates = own.certificates.isEmpty ? common?.certificates ?? [] : own.certificates
        guard !own.isBroken, common?.isBroken != true, !certificates.isEmpty else { return nil }
        var policy = ServerTLSPolicy(certificates: certificates)
        policy.least = own.least ?? common?.least ?? policy.least
        policy.most = own.most ?? common?.most ?? policy.most
        let suites = own.suites ?? common?.suites
        policy.suites = suites ?? policy.suites
        if policy.least > policy.most {
            problems.error(
                place, "the least TLS version (\(policy.least.rawValue)) is above the most (\(policy.most.rawValue))",
                mend: "write `versions: {least: 1.2, most: 1.3}`")
            return nil
        }
        if policy.least < .tls12 {
            if !policy.suites.contains(where: \.isOfOldVersions) {
                problems.error(
                    place, "none of the ciphers can be used with TLS \(policy.least.rawValue)", mend: "add `ECDHE+AES`, or raise `least`")
                return nil
            }
            problems.warning(
                place, "TLS \(policy.least.rawValue) is broken in known ways (RFC 8996)",
                mend: "raise `least` to 1.2 as soon as peers allow it")
        }
        return (policy, own)
    }

    private func section(_ map: MappingReader, isCommon: Bool) -> Section {
        var section = Section()
        let before = problems.all.count
        if !isCommon {
            section.isRequired = map.bool("require") ?? false
            section.isImplicit = map.bool("implicit") ?? false
        }
        let names = map.list("names")
        let hasOwn = map.node("certificate") != nil || map.node("key") != nil || !names.isEmpty
        if isCommon || common == nil || hasOwn { section.certificates = files(map).map { [$0] } ?? [] }
        for name in names {
            guard let item = MappingReader(name, problems, what: "an entry of `names`") else { continue }
            if let files = files(item) { section.certificates.append(files) }
            item.finish()
        }
        if let versions = map.mapping("versions") {
            section.least = version(versions, "least")
            section.most = version(versions, "most")
            versions.finish()
        }
        if let text = map.text("ciphers") {
            do {
                section.suites = try CipherList.parse(text)
            } catch { problems.error(map.place(of: "ciphers"), error.what, mend: error.mend) }
        }
        map.finish()
        section.isBroken = problems.all.count > before
        return section
    }

    private func version(_ map: MappingReader, _ key: String) -> ServerTLSPolicy.Version? {
        guard let node = map.node(key) else { return nil }
        if let version = node.text.flatMap(ServerTLSPolicy.Version.init(rawValue:)) { return version }
        let all = ServerTLSPolicy.Version.allCases.map(\.rawValue).joined(separator: ", ")
        problems.error(node.place, "`\(key)` must be one of \(all), not \(node.word)", mend: "write `versions: {least: 1.2, most: 1.3}`")
        return nil
    }

    /// `certificate` and `key` of a mapping.
    private func files(_ map: MappingReader) -> ServerTLSPolicy.Files? {
        var paths: [String] = []
        for key in ["certificate", "key"] {
            if let text = map.text(key) {
                let path = SettingsFile.resolve(text, in: folder)
                paths.append(path)
                if !SettingsFile.isReadable(path) {
                    problems.error(map.place(of: key), "cannot read `\(path)`", mend: "create it, or correct its name and mode")
                }
            } else if map.node(key) == nil {
                map.missing(key, mend: "add `\(key): \(key == "key" ? "key" : "cert").pem`")
            }
        }
        guard paths.count == 2 else { return nil }
        let files = ServerTLSPolicy.Files(certificate: paths[0], key: paths[1])
        if places[files] == nil { places[files] = map.place(of: "certificate") }
        return files
    }
}
