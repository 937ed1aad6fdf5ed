import Mail
import Settings

/// The policy in force, for parts that are made before what keeps it: until then that of the start.
final class LatePolicy: PolicySource {
    private let first: PolicySnapshot
    private let live = Late<LivePolicy>()

    init(_ first: PolicySnapshot) { self.first = first }

    var current: PolicySnapshot { live.value?.current ?? first }

    func set(_ policy: LivePolicy) { live.set(policy) }
}
