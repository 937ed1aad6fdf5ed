/// The symbols and families that the manifest declares.
enum YARASymbols {
    static let rule = "YARA_"
    static let tag = "YARA_TAG_"
    static let limit = "YARA_LIMIT"
    static let incomplete = "YARA_INCOMPLETE"
}
