/// A server behind the gateway, and what has arrived there.
protocol NextHopUnderTest: AnyObject {
    var port: Int { get }
    /// Each message whole, with what the server put above it.
    var messages: [String] { get }
    func stop()
}

extension SinkUnderTest: NextHopUnderTest {}
extension PostfixUnderTest: NextHopUnderTest {}
