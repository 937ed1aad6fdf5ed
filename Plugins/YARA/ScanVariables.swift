import PosternKit

/// The external variables of a scan. Rules of the field know the first ones, of a file on a disk; the others are a message's. All are there
/// for every rule; what is not known is empty.
struct ScanVariables: Sendable {
    static let names = [
        "filename", "filepath", "extension", "filetype", "owner", "subject", "from", "to", "reverse_path", "helo", "client",
    ]
    /// Those that differ between the names of one part.
    static let ofLabels = ["filename", "filepath", "extension", "filetype"]
    static let longest = 4096

    private(set) var values: [(name: String, value: String)] = []

    init(_ known: [String: String] = [:]) {
        // C's texts end at a NUL.
        for name in Self.names {
            guard let value = known[name], !value.isEmpty else { continue }
            values.append((name, String(decoding: value.utf8.prefix(Self.longest).filter { $0 != 0 }, as: UTF8.self)))
        }
    }

    /// The same for one part, by one of its names.
    func naming(_ label: FileLabel) -> ScanVariables {
        var known = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
        known["filename"] = label.name
        known["filepath"] = label.name
        known["extension"] = label.fileExtension
        known["filetype"] = label.type
        return ScanVariables(known)
    }

    /// Of a message as a whole, which has no file's name.
    init(_ call: Call, message: Message) {
        func field(_ name: String) -> String { (try? message.fields(name).first) ?? "" }
        self.init([
            "subject": field("Subject"), "from": field("From"), "to": field("To"),
            "reverse_path": call.transaction?.reversePath ?? "",
            "helo": call.session.helo ?? "", "client": call.session.client.description,
        ])
    }
}
