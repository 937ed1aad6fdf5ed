/// An element on the stack.
struct HTMLOpenElement {
    var element: HTMLElement
    /// Tells elements that have no case of their own apart.
    var name: HTMLName
    var style = HTMLStyle()
    /// Of its own, so that it can be made anew within others.
    var declared = CSSDeclarations()
    var isBlock = false
    /// In `CSSElements`; -1: it is not kept there.
    var place: Int
    /// In the page's links: the one that its content is the anchor of.
    var link: Int?
    /// Pictures shown in front of it.
    var pictures = 0
    var isForeign = false
    /// Of a list: the number of its next item; nil: marks.
    var number: Int?
    /// Where in the visible text its content begins, which is shown in the other direction than what is around it.
    var turned: Int?
    /// The page's links in front of its content.
    var linksBefore = 0
    /// The next one of that element below; -1: none.
    var below: Int32 = -1
    /// The next barrier below it.
    var barrier: Int32 = -1
}
