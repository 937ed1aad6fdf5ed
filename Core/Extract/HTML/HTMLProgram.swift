/// A program in a page, which may hold addresses: a script, the value of `onclick`, a `javascript:` address.
struct HTMLProgram: Sendable {
    /// In the page, as written.
    var span: Range<Int>
    /// With its references undone; nil: as it is written.
    var text: [UInt8]?
}
