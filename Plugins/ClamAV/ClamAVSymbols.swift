/// The symbols and families that the manifest declares.
enum ClamAVSymbols {
    static let virus = "VIRUS_"
    static let heuristic = "CLAMAV_HEURISTIC_"
    static let unwanted = "CLAMAV_PUA_"
    static let encrypted = "CLAMAV_UNCHECKED_ENCRYPTED"
    static let limit = "CLAMAV_UNCHECKED_LIMIT"
}
