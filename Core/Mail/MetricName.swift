/// The names of the gateway's metrics, all in one place. Labels take values from closed sets, but for a
/// bounded number of destinations.
public enum MetricName {
    public static let sessions = "postern_sessions_total"  // role
    public static let sessionsOpen = "postern_sessions_open"
    public static let refusals = "postern_refusals_total"  // at: connect, helo, auth, mail, rcpt, data
    public static let unknownRecipients = "postern_unknown_recipients_total"
    public static let harvests = "postern_harvests_total"
    public static let logins = "postern_logins_total"  // result: accepted, rejected, unavailable
    public static let callouts = "postern_callouts_total"  // result: exists, unknown, undetermined
    public static let messages = "postern_messages_total"  // disposition, per recipient
    public static let messageBytes = "postern_message_bytes_total"
    public static let bytesInFlight = "postern_bytes_in_flight"
    public static let filterRuns = "postern_filter_runs_total"  // filter (slot), result
    public static let filterSeconds = "postern_filter_seconds"  // filter
    public static let outcomes = "postern_outcomes_total"  // kind: told to filters of the phase `outcome`
    public static let outcomesDropped = "postern_outcomes_dropped_total"
    public static let dnsQueries = "postern_dns_queries_total"  // status
    public static let dnsSeconds = "postern_dns_seconds"
    public static let httpFetches = "postern_http_fetches_total"  // status
    public static let httpSeconds = "postern_http_seconds"
    public static let commits = "postern_store_commits_total"  // file: queue, quarantine, state
    public static let commitSeconds = "postern_store_commit_seconds"  // file
    public static let commitSize = "postern_store_commit_size"  // file
    public static let syncs = "postern_store_syncs_total"  // file: queue, quarantine, bodies, state
    public static let queueLength = "postern_queue_length"  // state
    public static let queueOldestSeconds = "postern_queue_oldest_seconds"
    public static let destinationQueueLength = "postern_destination_queue_length"  // destination: the 20 with most mail
    public static let destinationRunning = "postern_destination_running"  // the same
    public static let destinationDown = "postern_destination_down"  // the same
    public static let deliveries = "postern_deliveries_total"  // outcome
    public static let notifications = "postern_dsn_total"  // action: failed, delayed, relayed, delivered
    public static let deliverySeconds = "postern_delivery_seconds"
    public static let deliveryDelaySeconds = "postern_delivery_delay_seconds"  // part: before, queue, connect, send
    public static let reloads = "postern_reloads_total"  // result
    public static let pluginFaults = "postern_plugin_faults_total"  // plugin, kind
}
