/// A selector (Selectors, section 3): what an element is, and what is around it.
struct CSSSelector: Sendable {
    /// How a compound stands to the one on its right.
    enum Combinator: Sendable {
        case inside, child, next, later
    }

    /// What is asked of an element beyond its names.
    enum Condition: Sendable {
        case first, root, link
        /// Nothing that is printed: `:hover`.
        case never
        /// :nth-child(an+b).
        case nth(step: Int, offset: Int)
        /// :not(): none of these.
        case none([Compound])
        /// :is(), :where(): one of these.
        case any([Compound])
    }

    /// Keys as in `CSSElements`; 0: any.
    struct Compound: Sendable {
        var tag: UInt64 = 0
        var id: UInt64 = 0
        var attributes: UInt64 = 0
        var classes: [UInt64] = []
        var conditions: [Condition] = []
        /// To the one on its left.
        var combinator = Combinator.inside
    }

    /// The subject first.
    var compounds: [Compound]
    /// Ids, then classes, then tags, ten bits each (section 17).
    var specificity: UInt32
    /// Bits that the elements around the subject must have (`CSSElements.Element.around`).
    var around: UInt64

    /// `steps` goes down with the work; 0: there was too much of it.
    func matches(_ element: Int, of elements: CSSElements, _ steps: inout Int) -> Bool { matches(0, element, elements, &steps) }

    private func matches(_ index: Int, _ place: Int, _ elements: CSSElements, _ steps: inout Int) -> Bool {
        steps -= 1
        guard steps > 0, Self.holds(compounds[index], place, elements, &steps) else { return false }
        if index + 1 == compounds.count { return true }
        let parent = Int(elements.all[place].parent)
        let previous = Int(elements.all[place].previous)
        switch compounds[index].combinator {
        case .child: return parent >= 0 && matches(index + 1, parent, elements, &steps)
        case .next: return previous >= 0 && matches(index + 1, previous, elements, &steps)
        case .inside:
            var at = parent
            while at >= 0, steps > 0 {
                if matches(index + 1, at, elements, &steps) { return true }
                at = Int(elements.all[at].parent)
            }
            return false
        case .later:
            var at = previous
            while at >= 0, steps > 0 {
                if matches(index + 1, at, elements, &steps) { return true }
                at = Int(elements.all[at].previous)
            }
            return false
        }
    }

    @inline(__always) private static func holds(
        _ compound: Compound, _ place: Int, _ elements: CSSElements, _ steps: inout Int
    ) -> Bool {
        if compound.tag != 0, compound.tag != elements.all[place].tag { return false }
        if compound.id != 0, compound.id != elements.all[place].id { return false }
        if compound.attributes & ~elements.all[place].attributes != 0 { return false }
        for name in compound.classes {
            steps -= 1
            guard elements.has(name, place) else { return false }
        }
        return compound.conditions.isEmpty || meets(compound.conditions, place, elements, &steps)
    }

    private static func meets(_ conditions: [Condition], _ place: Int, _ elements: CSSElements, _ steps: inout Int) -> Bool {
        let element = elements.all[place]
        for condition in conditions {
            steps -= 1
            switch condition {
            case .first: if element.number != 1 { return false }
            case .root: if element.parent >= 0 { return false }
            case .link: if !element.isLink { return false }
            case .never: return false
            case .nth(let step, let offset):
                let beyond = Int(element.number) - offset
                guard step == 0 ? beyond == 0 : beyond % step == 0 && beyond / step >= 0 else { return false }
            case .none(let list):
                for compound in list where steps > 0 && holds(compound, place, elements, &steps) { return false }
            case .any(let list):
                guard list.contains(where: { steps > 0 && holds($0, place, elements, &steps) }) else { return false }
            }
        }
        return true
    }
}
