/// The elements of a page as selectors ask for them: in order, each with its parent and the one in front of it.
struct CSSElements: Sendable {
    struct Element: Sendable {
        var tag: UInt64
        var id: UInt64
        /// In `classes`.
        var names: Range<Int32>
        /// Which of the rules' attribute selectors hold, a bit each.
        var attributes: UInt64
        /// -1: none.
        var parent: Int32
        var previous: Int32
        /// Among those of its parent, from 1.
        var number: Int32
        var isLink: Bool
        /// Bits of its own names and those of all around it: what they lack is nowhere around.
        var around: UInt64
    }

    /// Elements that are kept. Behind them, each is seen without what is around it.
    static let most = 100_000
    static let mostNames = 500_000
    /// Class names of one element.
    private static let mostClasses = 32

    private(set) var all: [Element] = []
    private(set) var classes: [UInt64] = []
    /// The last child so far of each element, and of none.
    private var last: [Int32] = []
    private var lastRoot: Int32 = -1

    var isFull: Bool { all.count >= Self.most || classes.count >= Self.mostNames }

    /// The places of `html` and `body`, which are there even where no tag says so.
    static let (html, body) = (0, 1)

    init() {
        all.reserveCapacity(64)
        _ = add(tag: HTMLName("html"), id: 0, names: nil, attributes: 0, isLink: false, in: -1)
        _ = add(tag: HTMLName("body"), id: 0, names: nil, attributes: 0, isLink: false, in: Self.html)
    }

    /// The tag of an element that is there already.
    mutating func set(_ place: Int, id: UInt64, names: UnsafeRawBufferPointer?, attributes: UInt64) {
        let start = classes.count
        all[place].id = id
        all[place].attributes = attributes
        if id != 0 { all[place].around |= Self.bit(id) }
        var around = all[place].around
        if let names, !isFull { addClasses(names, &around) }
        all[place].names = Int32(start)..<Int32(classes.count)
        all[place].around = around
        if place == Self.html { all[Self.body].around |= around }
    }

    static func bit(_ key: UInt64) -> UInt64 { 1 << ((key &* 0x9E37_79B9_7F4A_7C15) >> 58) }

    /// Adds a start tag; returns its place. `names` is the value of `class`.
    mutating func add(
        tag: HTMLName, id: UInt64, names: UnsafeRawBufferPointer?, attributes: UInt64, isLink: Bool, in parent: Int
    ) -> Int {
        var around = Self.bit(tag.key) | (id == 0 ? 0 : Self.bit(id))
        let start = classes.count
        if let names { addClasses(names, &around) }
        let place = Int32(all.count)
        let previous = parent < 0 ? lastRoot : last[parent]
        if parent >= 0 { around |= all[parent].around }
        all.append(
            Element(
                tag: tag.key, id: id, names: Int32(start)..<Int32(classes.count), attributes: attributes, parent: Int32(parent),
                previous: previous, number: previous < 0 ? 1 : all[Int(previous)].number + 1, isLink: isLink, around: around))
        last.append(-1)
        if parent < 0 { lastRoot = place } else { last[parent] = place }
        return Int(place)
    }

    private mutating func addClasses(_ names: UnsafeRawBufferPointer, _ around: inout UInt64) {
        var name = HTMLName()
        let start = classes.count
        for byte in names {
            if !HTMLTokenizer.isSpace(byte) {
                name.append(byte)
                continue
            }
            if name.length > 0, classes.count - start < Self.mostClasses {
                classes.append(name.key)
                around |= Self.bit(name.key)
            }
            name = HTMLName()
        }
        if name.length > 0, classes.count - start < Self.mostClasses {
            classes.append(name.key)
            around |= Self.bit(name.key)
        }
    }

    /// Whether an element is of a class.
    @inline(__always) func has(_ name: UInt64, _ place: Int) -> Bool {
        let names = all[place].names
        if all[place].around & Self.bit(name) == 0 { return false }
        for at in names where classes[Int(at)] == name { return true }
        return false
    }

    /// Takes the last one back, when there is no room to keep it.
    mutating func removeLast() {
        let element = all.removeLast()
        last.removeLast()
        classes.removeLast(element.names.count)
        if element.parent < 0 { lastRoot = element.previous } else { last[Int(element.parent)] = element.previous }
    }
}
