/// What greylist finds. None of it weighs anything by itself: who waits is told so at once, who does not has shown nothing but patience.
enum GreylistSymbols {
    static let waits = "GREYLIST_WAITS"
    static let passed = "GREYLIST_PASSED"
    /// What is remembered cannot be read or written: nobody waits.
    static let error = "GREYLIST_ERROR"
}
