/// One series: a name with its labels, and a value that any thread may move.
protocol Metric: AnyObject, Sendable {
    func render(name: String, labels: String, into text: inout MetricText)
}

enum MetricKind: String, Sendable { case counter, gauge, histogram }
