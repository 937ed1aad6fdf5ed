# Lines "SERVER METRIC VALUE" of all rounds -> a table of medians with the ratio of the two servers.
{ all[$1, $2] = all[$1, $2] " " $3 }

function median(who, metric,    values, n, i, j, t) {
    n = split(all[who, metric], values, " ")
    if (n == 0) return ""
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; j--) { t = values[j]; values[j] = values[j - 1]; values[j - 1] = t }
    return n % 2 ? values[(n + 1) / 2] + 0 : (values[n / 2] + values[n / 2 + 1]) / 2
}

function shown(value) {
    if (value == "") return ""
    return sprintf((value >= 100) ? "%.0f" : (value >= 10) ? "%.1f" : "%.2f", value)
}

function row(title, metric,    a, b) {
    a = median("gateway", metric)
    b = median("postfix", metric)
    printf "| %s | %s | %s | %s |\n", title, shown(a), shown(b), (a != "" && b != "" && b > 0 ? sprintf("%.3g", a / b) : "")
}

function latencies(title, name) {
    row(title ": 250 after end of data, p50 ms", name ".end_p50")
    row(title ": the same, p99 ms", name ".end_p99")
    row(title ": the same, max ms", name ".end_max")
    row(title ": whole transaction, p50 ms", name ".transaction_p50")
    row(title ": the same, p99 ms", name ".transaction_p99")
    row(title ": the same, max ms", name ".transaction_max")
}

END {
    print "| | Postern | Postfix | ratio |"
    print "|---|---|---|---|"
    row("idle sessions held", "idle.held")
    row("idle session, KiB", "idle.memory")
    row("idle session that said EHLO, KiB", "idle-ehlo.memory")
    row("connect, 220, QUIT: sessions/s", "quit.rate")
    row("the same, CPU us per session", "quit.cpu")
    row("connect, EHLO, QUIT: sessions/s", "ehlo.rate")
    row("the same, CPU us per session", "ehlo.cpu")
    row("the same beside the idle sessions: sessions/s", "ehlo-beside.rate")
    row("the same, CPU us per session", "ehlo-beside.cpu")
    row("refused at connect (rate of the client): CPU us per session", "refused-connect.cpu")
    row("refused by postscreen: CPU us per session", "refused-screen.cpu")
    row("refused at RCPT (unknown): CPU us per session", "refused-rcpt.cpu")
    row("4 KiB messages in 200 sessions: accepted/s", "active.rate")
    row("the same, CPU us per message", "active.cpu")
    latencies("200 sessions alone", "active")
    row("beside the idle sessions: accepted/s", "active-beside.rate")
    row("the same, CPU us per message", "active-beside.cpu")
    latencies("200 beside the idle ones", "active-beside")
    row("a session for each message: accepted/s", "single.rate")
    row("the same, CPU us per message", "single.cpu")
}
