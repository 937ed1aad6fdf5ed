/// The stack of open elements (HTML, section 13.2.4.2), and where in it each element is open last.
struct HTMLOpenElements {
    /// As deep as browsers go.
    static let most = 512

    /// Begins with what is around the page.
    private var stack = [HTMLOpenElement(element: .unknown, name: HTMLName(), place: CSSElements.body)]
    /// -1: none.
    private var innermost = [Int](repeating: -1, count: 256)
    /// The innermost element that an end tag does not reach beyond.
    private(set) var barrier = -1
    /// Elements too deep for the stack.
    var tooDeep = 0
    /// What is below is of the page around a conditional comment.
    var floor = 1

    var count: Int { stack.count }
    var isFull: Bool { stack.count > Self.most }
    var top: HTMLOpenElement { _read { yield stack[stack.count - 1] } }

    subscript(index: Int) -> HTMLOpenElement {
        get { stack[index] }
        _modify { yield &stack[index] }
    }

    func all(behind index: Int) -> [HTMLOpenElement] { Array(stack[(index + 1)...]) }

    mutating func push(_ open: HTMLOpenElement) {
        let index = Int(open.element.rawValue)
        let isBarrier = open.element.isBarrier && (open.element != .foreignObject || top.isForeign)
        stack.append(open)
        stack[stack.count - 1].below = Int32(innermost[index])
        stack[stack.count - 1].barrier = Int32(barrier)
        innermost[index] = stack.count - 1
        if isBarrier { barrier = stack.count - 1 }
    }

    mutating func pop() -> HTMLOpenElement {
        let open = stack.removeLast()
        innermost[Int(open.element.rawValue)] = Int(open.below)
        barrier = Int(open.barrier)
        return open
    }

    /// Where `element` is open last; -1: nowhere.
    @inline(__always) func place(_ element: HTMLElement) -> Int { innermost[Int(element.rawValue)] }

    /// Where `element` is open, further in than `limit`.
    func within(_ element: HTMLElement, _ limit: Int) -> Int? {
        let found = place(element)
        return found >= floor && found > limit ? found : nil
    }

    /// Where `element` is open within the cell or the like that is being read.
    func open(_ element: HTMLElement) -> Int? { within(element, barrier) }

    /// Where a paragraph is open: a button keeps those around it (HTML, section 13.2.4.2: "button scope").
    var paragraph: Int? { within(.p, max(barrier, place(.button))) }

    /// A new item ends none beyond its list or what is between.
    func itemLimit(_ list: HTMLElement, _ other: HTMLElement) -> Int { max(place(list), place(other), barrier) }

    /// What an end tag ends; nil: nothing.
    func ended(by element: HTMLElement, _ name: HTMLName) -> Int? {
        var found = place(element)
        if element == .unknown {
            while found >= 0, stack[found].name != name { found = stack.count - found > 32 ? -1 : Int(stack[found].below) }
        }
        guard found >= floor, found >= 0 else { return nil }
        // The parts of a table reach over cells; everything else stays within its own.
        switch element {
        case .table: return found
        case .tr, .tbody, .thead, .tfoot: return found < place(.table) ? nil : found
        default: return found < barrier ? nil : found
        }
    }

    /// The heading that any heading's end ends.
    var heading: Int? {
        let found = (HTMLElement.h1.rawValue...HTMLElement.h6.rawValue).reduce(-1) { max($0, innermost[Int($1)]) }
        return found >= max(barrier, floor) ? found : nil
    }
}
