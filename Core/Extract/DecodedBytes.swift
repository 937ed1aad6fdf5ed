import Mail

/// What is made of a message, gathered as region 1: decoded parts and text, one behind the other. Those that have to be read again while the
/// message is taken apart (messages inside, encoded as a whole) are regions of their own.
struct DecodedBytes: ~Copyable {
    private var builder: RegionBuilder
    private let spool: (any BodySpool)?
    /// Regions from 2 on.
    private var own: [Region] = []
    /// Something refers to region 1, if only to none of its bytes.
    private var isNamed = false

    /// More messages within messages, each encoded, than people send.
    static let mostOwn = 6

    init(_ spool: (any BodySpool)?) {
        self.spool = spool
        builder = RegionBuilder(spool: spool)
    }

    var count: Int { builder.count }
    var failure: StoreFailure? { builder.failure }
    var hasRoomForOwn: Bool { own.count < Self.mostOwn }

    /// Where in region 1 the next byte goes, for whoever will refer to it.
    mutating func begin() -> Int {
        isNamed = true
        return count
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) { builder.append(bytes) }

    mutating func append(_ bytes: [UInt8]) -> Range<Int> {
        let start = begin()
        bytes.withUnsafeBytes { builder.append($0) }
        return start..<count
    }

    /// A region of its own, and its number.
    mutating func addRegion(_ fill: (inout RegionBuilder) -> Void) throws(StoreFailure) -> (number: Int, region: Region) {
        var builder = RegionBuilder(spool: spool)
        fill(&builder)
        own.append(try builder.seal())
        return (own.count + 1, own[own.count - 1])
    }

    /// All regions, `raw` the first.
    consuming func seal(with raw: Region) throws(StoreFailure) -> [Region] {
        if !isNamed, own.isEmpty { return [raw] }
        let own = own
        return [raw, try builder.seal()] + own
    }
}
