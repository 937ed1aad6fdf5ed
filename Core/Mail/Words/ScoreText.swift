/// A score as people read it: at most two digits behind the point, none when it is whole.
public func scoreText(_ score: Double) -> String {
    let hundredths = (score * 100).rounded()
    guard abs(hundredths) < 1e15 else { return "\(score)" }
    let value = hundredths / 100
    return value == value.rounded() ? "\(Int64(value))" : "\(value)"
}
