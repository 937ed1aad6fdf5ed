/// The parts of the sandbox. A worker always gets all of them; the tests enter them one by one, to learn which of them stops what.
package struct Layers: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Another user, without capabilities, that nobody traces.
    package static let user = Layers(rawValue: 1 << 0)
    package static let limits = Layers(rawValue: 1 << 1)
    /// Landlock, or the empty root.
    package static let files = Layers(rawValue: 1 << 2)
    package static let systemCalls = Layers(rawValue: 1 << 3)
    /// A network namespace without any interface, and System V objects of its own.
    package static let network = Layers(rawValue: 1 << 4)

    /// None open but those granted.
    package static let descriptors = Layers(rawValue: 1 << 5)

    package static let all: Layers = [.descriptors, .user, .limits, .files, .systemCalls, .network]
}
