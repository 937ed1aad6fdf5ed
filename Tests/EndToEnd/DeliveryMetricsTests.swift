import Foundation
import Testing

/// What /metrics says of the queue after a delivery, a deferral, a bounce and the DSN about it.
struct DeliveryMetricsTests {
    @Test(.enabled(if: Tool.isStaged)) func everySeriesOfTheQueue() throws {
        let home = try SinkUnderTest(options: ["-N"])
        let refusing = try SinkUnderTest(options: ["-f", "rcpt"])
        defer {
            home.stop()
            refusing.stop()
        }
        let relay = "outbound: {deliver_to: [{host: 127.0.0.1, port: \(refusing.port), tls: never}], networks: [127.0.0.0/8]}"
        let gateway = try GatewayUnderTest(nextHop: home.port, domain: relay, named: ["submission": "role: outbound, auth: off"])
        // Nothing listens there.
        try gateway.write(
            "domains/late.example.yaml",
            "domain: late.example\nrecipients: any\ndeliver_to: [{host: 127.0.0.1, port: \(Tool.freePort()), tls: never}]\n")
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.metric("postern_deliveries_total{outcome=\"delivered\"}") ?? 0 == 0)

        #expect(try gateway.send(to: ["b@example.com"])[0].hasPrefix("250"))
        #expect(try gateway.send(to: ["b@late.example"])[0].hasPrefix("250"))
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(gateway.port("submission")), timeout=60)
            s.sendmail('anna@example.com', ['friend@world.example'], 'Subject: out\\r\\n\\r\\nHi\\r\\n')
            """
        #expect(try Tool.run(["python3", "-"], input: script).status == 0)

        // Letter and DSN are delivered, the others are not.
        let delivered = try Tool.wait { try gateway.metric("postern_deliveries_total{outcome=\"delivered\"}") == 2 }
        let deferred = try Tool.wait { try gateway.metric("postern_deliveries_total{outcome=\"deferred\"}") ?? 0 >= 1 }
        let page = try gateway.ask("/metrics")
        #expect(delivered && deferred, "\(page)")
        for (series, value) in [
            ("postern_deliveries_total{outcome=\"bounced\"}", 1), ("postern_dsn_total{action=\"failed\"}", 1),
            ("postern_queue_length{state=\"held\"}", 0), ("postern_queue_length{state=\"queued\"}", 1),
            ("postern_destination_queue_length{destination=\"late.example\"}", 1),
            ("postern_destination_down{destination=\"late.example\"}", 1), ("postern_delivery_delay_seconds_count{part=\"connect\"}", nil),
            ("postern_delivery_seconds_count", nil), ("postern_queue_oldest_seconds", nil),
            ("postern_destination_running{destination=\"late.example\"}", nil), ("postern_queue_length{state=\"suspended\"}", nil),
            ("postern_queue_length{state=\"running\"}", nil), ("postern_store_commits_total{file=\"queue\"}", nil),
            ("postern_store_syncs_total{file=\"queue\"}", nil),
        ] as [(String, Double?)] {
            // The gauges follow within a moment.
            let isThere = try Tool.wait { try gateway.metric(series).map { value == nil || $0 == value } ?? false }
            let found = try gateway.metric(series)
            #expect(isThere, "\(series) is \(found.map { "\($0)" } ?? "not there")")
        }
        for part in ["before", "queue", "connect", "send"] {
            // One attempt each: letter, deferral, bounce, DSN; a deferral may have been tried again.
            #expect(try gateway.metric("postern_delivery_delay_seconds_count{part=\"\(part)\"}") ?? 0 >= 4)
        }
    }
}
