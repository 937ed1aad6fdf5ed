import Foundation
import Testing

extension SinkUnderTest {
    /// That each was taken, judged by the filter `faulty` (of one of these builds) and delivered, and nothing else was. `count`: so many; nil: as
    /// many as there are replies.
    func expectDelivered(_ replies: [String], _ count: Int? = nil, builds: [String] = ["0"], location: SourceLocation = #_sourceLocation) {
        let count = count ?? replies.count
        let others = replies.filter { !$0.hasPrefix("250") }
        #expect(replies.count == count && others.isEmpty, "\(replies.count) of \(count), \(others)", sourceLocation: location)
        func judged() -> Int { messages.count { message in builds.contains { message.contains("Judged: \($0)") } } }
        #expect(Tool.wait(60) { judged() == count }, "\(judged()) of \(count)", sourceLocation: location)
        #expect(messages.count == count, sourceLocation: location)
    }
}
