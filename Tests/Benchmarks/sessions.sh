#!/bin/bash
# make bench-sessions: what sessions cost, the gateway and Postfix in turn, ROUNDS times (3), medians: idle ones (memory), new ones, refused ones,
# and 200 that send 4 KiB messages, alone and beside the idle ones. Up to the 250: the next hop takes connections and says nothing, Postfix
# holds what it took. Loopback, a load generator of one thread (sessions/), no filters. The peers' scripts are found through POSTERN_PEERS.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/Tests/Benchmarks
stage=${POSTERN_STAGE:-$PWD/build}
peers=${POSTERN_PEERS:-$PWD/../shared/peers}
[ -x "$stage/bin/postern" ] || { echo "no $stage/bin/postern: run make bench-sessions" >&2; exit 1; }
[ -n "${POSTERN_ISOLATED:-}" ] || { echo "run it through Tests/isolated.sh" >&2; exit 1; }

ROUNDS=${ROUNDS:-3}
IDLE=${IDLE:-10000}
# Each of Postfix's sessions is a process: so many it is let have.
POSTFIX_IDLE=${POSTFIX_IDLE:-500}
CHURN=${CHURN:-20000}
POSTFIX_CHURN=${POSTFIX_CHURN:-5000}
ACTIVE=${ACTIVE:-200}
SECONDS_ACTIVE=${SECONDS_ACTIVE:-5}
SIZE=4096
CONCURRENCY=50
PORT=20525
HOLE=20526
# Postfix's postscreen, which refuses clients in one process, before any smtpd.
SCREEN=20527
ulimit -n $((IDLE * 2 > $(ulimit -Hn) ? $(ulimit -Hn) : IDLE * 2))
[ "$(ulimit -n)" -gt $((IDLE + 1000)) ] || echo "only $(ulimit -n) descriptors: fewer than $IDLE sessions will be held" >&2

. "$here/processes.sh"
work=$(mktemp -d /tmp/postern-sessions-XXXXXX)
chmod 755 "$work"
results=$work/results
server=     # the root of the processes that are measured
postfix=    # its folder, while it runs
hole=       # the silent next hop, while it is there
idlers=     # the idle sessions' process, while there are any

stop_server() {
    [ -n "$server" ] || return 0
    local all i
    all=$(processes_of "$server")
    if [ -n "$postfix" ]; then
        timeout 20 /usr/sbin/postfix -c "$postfix/etc" stop > /dev/null 2>&1 || true
        postfix=
    else
        kill -TERM "$server" 2>/dev/null || true
    fi
    # Postfix is no child of ours: looked for, not waited for.
    for ((i = 0; i < 200; i++)); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
    [ "$i" -lt 200 ] || kill -KILL $all 2>/dev/null || true
    server=
}

clean_up() {
    [ -z "$idlers" ] || kill "$idlers" 2>/dev/null || true
    stop_server
    [ -z "$hole" ] || kill "$hole" 2>/dev/null || true
    [ -z "${KEEP:-}" ] || return 0
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

echo "# load generator" >&2
load=$work/sessions
cc -O2 -Wall -Wextra -std=gnu11 -o "$load" "$here"/sessions/*.c

wait_for_port() {
    local i
    for ((i = 0; i < 300; i++)); do (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
    echo "nothing listens on port $1" >&2
    return 1
}

start_gateway() {
    local folder=$work/gateway
    rm -rf "$folder"
    mkdir -p "$folder/config/domains"
    cat > "$folder/config/postern.yaml" <<Y
hostname: gw.bench.test
listen: [{address: 127.0.0.1, port: $PORT, role: inbound}]
data: $folder/data
control: $folder/control.sock
plugins: ["$stage/plugins"]
dns: {file: zone.json}
limits:
  sessions: 100000
  sessions_per_client: 100000
  sessions_per_network: 100000
  sessions_per_minute: 60
  transactions: 1000000
queue: {concurrency: 1, reply_timeout: 1h, end_of_data_timeout: 1h}
log: {file: $folder/mail.log}
Y
    echo '{}' > "$folder/config/zone.json"
    cat > "$folder/config/domains/bench.test.yaml" <<Y
domain: bench.test
deliver_to: [{host: 127.0.0.1, port: $HOLE, tls: never}]
recipients: {list: [rcpt]}
filters: []
Y
    "$stage/bin/postern" run --config "$folder/config" > "$folder/output" 2>&1 &
    server=$!
    wait_for_port $PORT || { cat "$folder/output" >&2; exit 1; }
}

# The peers' configuration, with limits and rates as the gateway has them.
start_postfix() {
    BASE=$work/peers
    mkdir -p "$BASE"
    rm -rf "$BASE/postfix"
    postfix_conf "$BASE/postfix" $PORT $HOLE
    # Edited, not appended: warnings about a setting given twice can block postlogd for ever.
    /usr/sbin/postconf -c "$BASE/postfix/etc" -e \
        "default_process_limit = $((POSTFIX_IDLE + ACTIVE + CONCURRENCY + 50))" \
        "mynetworks = 127.0.0.1/32" \
        "relay_domains = bench.test" \
        "relay_recipient_maps = inline:{{rcpt@bench.test = OK}}" \
        "smtpd_relay_restrictions = reject_unauth_destination" \
        "smtpd_client_connection_rate_limit = 60" \
        "smtpd_client_event_limit_exceptions =" \
        "qmgr_message_recipient_limit = 40000" \
        "smtpd_data_restrictions = check_client_access static:HOLD" \
        "postscreen_access_list = cidr:{{127.0.0.0/8 reject}}" \
        "postscreen_denylist_action = drop"
    cat >> "$BASE/postfix/etc/master.cf" <<M
127.0.0.1:$SCREEN inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
M
    postfix=$BASE/postfix
    /usr/sbin/postfix -c "$postfix/etc" start > "$BASE/output" 2>&1 || { cat "$BASE/output" "$postfix/log/mail.log" >&2; exit 1; }
    wait_for_port $PORT || { cat "$postfix/log/mail.log" >&2; exit 1; }
    server=$(tr -d ' ' < "$postfix/spool/pid/master.pid")
}

# value KEY LINE
value() { sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p" <<< "$2"; }
record() { echo "$1 $2 $3" | tee -a "$results" >&2; }

# measure SERVER NAME COUNTED-KEY MODE...: rate and CPU per COUNTED-KEY
measure() {
    local who=$1 name=$2 key=$3 before after line count
    shift 3
    before=$(cpu_of "$server")
    line=$("$load" "$@")
    after=$(cpu_of "$server")
    count=$(value "$key" "$line")
    echo "$who $name: cpu_ms=$((after - before)) $line" >&2
    [ "${count:-0}" -gt 0 ] || { echo "$who $name: nothing counted" >&2; return 0; }
    record "$who" "$name.rate" "$(value per_second "$line")"
    record "$who" "$name.cpu" "$(awk -v ms=$((after - before)) -v n="$count" 'BEGIN { printf "%.1f", ms * 1000 / n }')"
    for key in end_p50 end_p99 end_max transaction_p50 transaction_p99 transaction_max; do
        [ -z "$(value ${key}_ms "$line")" ] || record "$who" "$name.$key" "$(value ${key}_ms "$line")"
    done
}

# hold SERVER COUNT: opens idle sessions and records what they take; they stay until `release`.
hold() {
    local who=$1 count=$2 before after line
    before=$(memory_of "$server")
    coproc IDLERS { exec "$load" idle $PORT "$count" 30; }
    idlers=$IDLERS_PID
    read -r line <&"${IDLERS[0]}"
    echo "$who idle: $line" >&2
    after=$(memory_of "$server")
    record "$who" idle.held "$(value greeted "$line")"
    record "$who" idle.memory "$(awk -v a="$after" -v b="$before" -v n="$(value greeted "$line")" 'BEGIN { printf "%.2f", (a - b) / n }')"
    echo ehlo >&"${IDLERS[1]}"
    read -r line <&"${IDLERS[0]}"
    echo "$who idle ehlo: $line" >&2
    after=$(memory_of "$server")
    record "$who" idle-ehlo.memory "$(awk -v a="$after" -v b="$before" -v n="$(value answered "$line")" 'BEGIN { printf "%.2f", (a - b) / n }')"
}

release() {
    kill "$idlers"
    wait "$idlers" 2>/dev/null || true
    idlers=
}

round() {
    local who=$1 idle=$2 churn=$3
    "$load" churn $PORT 2000 $CONCURRENCY ehlo > /dev/null
    hold "$who" "$idle"
    measure "$who" active-beside accepted active $PORT "$ACTIVE" "$SECONDS_ACTIVE" $SIZE
    measure "$who" ehlo-beside good churn $PORT "$churn" $CONCURRENCY ehlo
    release
    sleep 3
    "$load" churn $PORT 500 $CONCURRENCY ehlo > /dev/null
    measure "$who" active accepted active $PORT "$ACTIVE" "$SECONDS_ACTIVE" $SIZE
    measure "$who" single accepted active $PORT $CONCURRENCY "$SECONDS_ACTIVE" $SIZE 1
    measure "$who" quit good churn $PORT "$churn" $CONCURRENCY quit
    measure "$who" ehlo good churn $PORT "$churn" $CONCURRENCY ehlo
    measure "$who" refused-rcpt good refused $PORT "$churn" $CONCURRENCY rcpt
    "$load" refused $PORT 400 $CONCURRENCY connect > /dev/null
    measure "$who" refused-connect good refused $PORT "$churn" $CONCURRENCY connect
    [ "$who" != postfix ] || measure postfix refused-screen good refused $SCREEN "$churn" $CONCURRENCY connect
}

WHAT=${WHAT:-"gateway postfix"}
if [ ! -d "$peers" ]; then
    echo "Postfix is left out: no peers' scripts in POSTERN_PEERS ($peers)" >&2
    WHAT=gateway
else
    export PEERS_NETNS=1
    . "$peers/postfix-conf.sh"
fi

"$load" hole $HOLE &
hole=$!
for ((n = 1; n <= ROUNDS; n++)); do
    echo "# round $n" >&2
    for who in $WHAT; do
        case $who in
        gateway)
            start_gateway
            round gateway "$IDLE" "$CHURN"
            ;;
        postfix)
            start_postfix
            round postfix "$POSTFIX_IDLE" "$POSTFIX_CHURN"
            ;;
        esac
        stop_server
    done
done
awk -f "$here/sessions.awk" -v idle="$IDLE" -v postfix_idle="$POSTFIX_IDLE" "$results"
