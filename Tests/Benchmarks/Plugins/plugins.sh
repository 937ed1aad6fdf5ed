#!/bin/bash
# make bench-plugins: a filter that does nothing. First alone, call by call, beside a libmilter filter's callbacks; then live: smtp-source -> server ->
# smtp-sink with it and without, Postfix with the milter and without. COUNT=100000 calls, ROUNDS=2, SESS="1 20", SIZES=4096. What is live uses the peers'
# scripts in POSTERN_PEERS. WHAT="calls live": one of them alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
stage=${POSTERN_STAGE:-$root/build}
peers=${POSTERN_PEERS:-$root/../shared/peers}
program=${BENCHMARK:-$root/.build/release/PluginBenchmark}
COUNT=${COUNT:-100000} ROUNDS=${ROUNDS:-2}
WHAT=${WHAT:-calls live}
[ -x "$stage/bin/postern" ] || { echo "no $stage/bin/postern: run make bench-plugins" >&2; exit 1; }

work=$(mktemp -d /tmp/postern-bench-XXXXXX)
milter=
trap '[ -z "$milter" ] || kill "$milter"; rm -rf "$work"' EXIT
chmod 755 "$work"
"$here/build.sh" "$work"

milter() {
    rm -f "$work/milter.sock"
    "$@" "$work/milter" "$work/milter.sock" &
    milter=$!
    until [ -S "$work/milter.sock" ]; do sleep 0.1; done
    chmod 666 "$work/milter.sock"
}

calls() {
    "$program" calls "$work/plugins" "$stage/bin/postern-worker" "$COUNT"
    printf '\n| the milter | p50 us | p99 us | max us | a second | CPU us: client | milter |\n|---|---|---|---|---|---|---|\n'
    milter env
    for width in 1 8 64; do "$work/milter-client" "$work/milter.sock" $milter "$COUNT" $width | grep -v '^| warm'; done
    kill $milter
    milter=
}
case " $WHAT " in *" calls "*) calls ;; esac
case " $WHAT " in *" live "*) ;; *) exit 0 ;; esac

if [ ! -d "$peers" ]; then
    echo "skipped: no peers' scripts in POSTERN_PEERS ($peers)" >&2
    exit 0
fi
export PEERS_NETNS=1 BASE=$work/peers RUNS=1 OUT=$work/flow.tsv QUIET_S=${QUIET_S:-3}
mkdir -p "$BASE"
. "$peers/lib.sh"
. "$peers/postfix-conf.sh"
IN=20525 SINK=20526

load() { # LABEL GROUPS
    for size in ${SIZES:-4096}; do
        for sessions in ${SESS:-1 20}; do
            measure --label "$1" --cg "$2" --target 127.0.0.1:$IN --sink-port $SINK -s "$sessions" -m $((sessions == 1 ? 1000 : ${MSGS:-3000})) -l "$size" \
                --warm 200 --retries 0 | grep -E '^  (run|noisy)|^##'
        done
    done
}

# gateway LABEL EDGE FILTERS
gateway() {
    rm -rf "$work/config" "$work/data"
    mkdir -p "$work/config/domains"
    cat > "$work/config/postern.yaml" <<Y
hostname: gw.bench.test
listen: [{address: 127.0.0.1, port: $IN, role: inbound}]
data: $work/data
control: $work/control.sock
plugins: ["$work/plugins"]
dns: {file: zone.json}
limits: {sessions_per_client: 1000}
log: {file: $work/mail.log}
edge: $2
Y
    echo '{}' > "$work/config/zone.json"
    cat > "$work/config/domains/bench.test.yaml" <<Y
domain: bench.test
deliver_to: [{host: 127.0.0.1, port: $SINK, tls: never}]
recipients: any
filters: $3
Y
    cg_run peer-gw "$stage/bin/postern" run --no-supervisor --config "$work/config" > "$work/gateway.out" 2>&1 &
    wait_port $IN 60 || { tail "$work/gateway.out"; exit 1; }
    load "$1" peer-gw
    cg_kill peer-gw
}

# many COUNT HOME [apart]: that many slots of one plugin, or of as many plugins.
many() {
    local i list=
    for ((i = 0; i < $1; i++)); do
        if [ -n "${3:-}" ]; then list+="$(printf '{nothing-%02d: {home: %s}}, ' $i "$2")"; else list+="{nothing: {home: $2, name: n$i}}, "; fi
    done
    echo "[${list%, }]"
}

# postfix_with LABEL GROUPS [LINES...]
postfix_with() {
    local label=$1 groups=$2
    shift 2
    postfix_conf "$BASE/postfix" $IN $SINK "$@"
    postfix_start peer-postfix "$BASE/postfix" $IN
    load "$label" "$groups"
    postfix_stop peer-postfix "$BASE/postfix"
    rm -rf "$BASE/postfix"
}

for ((round = 1; round <= ROUNDS; round++)); do
    echo "# round $round" >&2
    for case in ${CASES:-postfix milter gateway host worker host-10 worker-10 host-100 worker-100 workers-100}; do
        case $case in
        postfix) postfix_with "Postfix" peer-postfix ;;
        milter)
            milter cg_run peer-milter
            postfix_with "Postfix with the milter" peer-postfix,peer-milter "smtpd_milters = unix:$work/milter.sock" "milter_default_action = tempfail"
            cg_kill peer-milter
            milter=
            ;;
        gateway) gateway "Postern" '[]' '[]' ;;
        host) gateway "Postern, every phase, host" '[{nothing-everywhere: {home: host}}]' '[{nothing-everywhere: {home: host}}]' ;;
        worker) gateway "Postern, every phase, worker" '[{nothing-everywhere: {home: worker}}]' '[{nothing-everywhere: {home: worker}}]' ;;
        host-*) gateway "Postern, ${case#host-} filters of data, host" '[]' "$(many "${case#host-}" host)" ;;
        worker-*) gateway "Postern, ${case#worker-} filters of data, one worker" '[]' "$(many "${case#worker-}" worker)" ;;
        workers-*) gateway "Postern, ${case#workers-} filters of data, a worker each" '[]' "$(many "${case#workers-}" worker apart)" ;;
        esac
    done >&2
done
python3 "$here/table.py" "$OUT"
