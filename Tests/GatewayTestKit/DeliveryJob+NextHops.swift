import Mail

extension DeliveryJob {
    /// Those of the route; none by MX.
    public var nextHops: [NextHop] { if case .nextHops(let hops) = route { hops } else { [] } }
}
