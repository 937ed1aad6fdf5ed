import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct PrometheusMetricsTests {
    @Test func rendersTheTextFormat() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "postern_messages_total", dimensions: [("disposition", "accept")]).increment(by: 2)
        metrics.makeCounter(label: "postern_messages_total", dimensions: [("disposition", "reject")]).increment(by: 1)
        metrics.makeRecorder(label: "postern_sessions_open", dimensions: [], aggregate: false).record(Int64(3))
        metrics.makeMeter(label: "load", dimensions: []).increment(by: 0.5)
        #expect(
            metrics.render() == """
                # TYPE load gauge
                load 0.5
                # TYPE postern_messages_total counter
                postern_messages_total{disposition="accept"} 2
                postern_messages_total{disposition="reject"} 1
                # TYPE postern_sessions_open gauge
                postern_sessions_open 3
                # TYPE postern_metrics_refused_total counter
                postern_metrics_refused_total 0

                """)
    }

    @Test func timersAreHistogramsInSeconds() {
        let metrics = PrometheusMetrics()
        let timer = metrics.makeTimer(label: "postern_dns_seconds", dimensions: [("zone", "a")])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(2_500_000)
        timer.recordNanoseconds(400_000_000_000)
        let text = metrics.render()
        #expect(text.contains("# TYPE postern_dns_seconds histogram\n"))
        #expect(text.contains("postern_dns_seconds_bucket{zone=\"a\",le=\"0.001\"} 0\n"))
        #expect(text.contains("postern_dns_seconds_bucket{zone=\"a\",le=\"0.0025\"} 2\n"))
        #expect(text.contains("postern_dns_seconds_bucket{zone=\"a\",le=\"300\"} 2\n"))
        #expect(text.contains("postern_dns_seconds_bucket{zone=\"a\",le=\"+Inf\"} 3\n"))
        #expect(text.contains("postern_dns_seconds_sum{zone=\"a\"} 400.0045\n"))
        #expect(text.contains("postern_dns_seconds_count{zone=\"a\"} 3\n"))
        metrics.makeTimer(label: "handshake", dimensions: []).recordNanoseconds(1)
        #expect(metrics.render().contains("handshake_seconds_count 1\n"))
    }

    @Test func equalNamesAndLabelsAreOneSeries() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "a.b", dimensions: [("x", "1"), ("y", "2")]).increment(by: 1)
        metrics.makeCounter(label: "a_b", dimensions: [("y", "2"), ("x", "1")]).increment(by: 1)
        #expect(metrics.render().contains("a_b{x=\"1\",y=\"2\"} 2\n"))
    }

    @Test func hostileLabelsAreEscaped() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "9 lives\n", dimensions: [("a b", "x\"} 1\nforged{y=\"\\")]).increment(by: 1)
        #expect(metrics.render().contains(#"_9_lives_{a_b="x\"} 1\nforged{y=\"\\"} 1"# + "\n"))
    }

    @Test func seriesAreBoundedAndKindsDoNotMix() {
        let metrics = PrometheusMetrics(maximumSeries: 2)
        for n in 0..<5 { metrics.makeCounter(label: "c", dimensions: [("n", "\(n)")]).increment(by: 1) }
        #expect(metrics.render().contains("postern_metrics_refused_total 3\n"))
        #expect(!metrics.render().contains("n=\"2\""))
        let other = PrometheusMetrics()
        other.makeCounter(label: "c", dimensions: []).increment(by: 1)
        other.makeMeter(label: "c", dimensions: []).set(Int64(9))
        other.makeFloatingPointCounter(label: "c", dimensions: []).increment(by: 9)
        #expect(other.render().contains("c 1\n"))
        #expect(other.render().contains("postern_metrics_refused_total 2\n"))
    }

    @Test func incrementsOfManyThreadsAllCount() async {
        let metrics = PrometheusMetrics()
        let counter = metrics.makeCounter(label: "c", dimensions: [])
        let recorder = metrics.makeRecorder(label: "r", dimensions: [], aggregate: true)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment(by: 1)
                        recorder.record(Int64(5))
                    }
                }
            }
        }
        let text = metrics.render()
        #expect(text.contains("\nc 40000\n") || text.hasPrefix("# TYPE c counter\nc 40000\n"))
        #expect(text.contains("r_bucket{le=\"16\"} 40000\n") && text.contains("r_bucket{le=\"4\"} 0\n") && text.contains("r_sum 200000\n"))
    }

    @Test func aDestroyedGaugeIsGoneAndLeavesItsPlace() {
        let metrics = PrometheusMetrics(maximumSeries: 2)
        for i in 0..<50 {
            let gauge = metrics.makeRecorder(
                label: "postern_destination_queue_length", dimensions: [("destination", "d\(i)")], aggregate: false)
            gauge.record(Int64(i))
            #expect(metrics.render().contains("{destination=\"d\(i)\"} \(i)\n"))
            metrics.destroyRecorder(gauge)
        }
        #expect(!metrics.render().contains("destination"))
        #expect(metrics.render().contains("postern_metrics_refused_total 0"))
    }
}
