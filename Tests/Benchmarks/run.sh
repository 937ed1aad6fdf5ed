#!/bin/bash
# make bench: the store alone, then the gateway beside Postfix, in turn, on loopback: smtp-source -> server -> smtp-sink, a
# connection per message, 4 and 64 KiB (SIZES), 1, 20 and 100 sessions (SESS), drained. Only ratios of one run count: machines drift. ROUNDS=3. The peers' scripts are found through POSTERN_PEERS.
set -eu
cd "$(dirname "$0")/../.."
stage=${POSTERN_STAGE:-$PWD/build}
peers=${POSTERN_PEERS:-$PWD/../shared/peers}
[ -x "$stage/bin/postern" ] || { echo "no $stage/bin/postern: run make bench" >&2; exit 1; }

work=$(mktemp -d /tmp/postern-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/config/domains"
cat > "$work/config/postern.yaml" <<Y
hostname: gw.bench.test
listen: [{address: 127.0.0.1, port: 20525, role: inbound}]
data: $work/data
control: $work/control.sock
plugins: ["$stage/plugins", "$stage/examples"]
dns: {file: zone.json}
limits: {sessions_per_client: 1000}
log: {file: $work/mail.log}
${EDGE:-}
Y
echo '{}' > "$work/config/zone.json"
cat > "$work/config/domains/bench.test.yaml" <<Y
domain: bench.test
deliver_to: [{host: 127.0.0.1, port: 20526, tls: never}]
recipients: any
filters: ${FILTERS:-[]}
Y
echo "## store: 4 KiB messages, 40 under way"
.build/release/StoreBenchmark 50000 40
echo "## filter state: 64 operations under way, then one after the other"
.build/release/StateBenchmark 100000 64
.build/release/StateBenchmark 3000 1

if [ ! -d "$peers" ]; then
    echo "skipped: no peers' scripts in POSTERN_PEERS ($peers)" >&2
    exit 0
fi
export GW_CMD="$stage/bin/postern run --config $work/config" BASE=${BASE:-$work/peers} RUNS=1
mkdir -p "$BASE"
chmod 755 "$work" "$BASE"
export SIZES=${SIZES:-4096 65536} SESS=${SESS:-1 20 100} OUT=$work/flow.tsv QUIET_S=${QUIET_S:-8}
for round in $(seq "${ROUNDS:-3}"); do
    echo "## round $round"
    for what in ${WHAT:-direct postfix gateway}; do
        # The gateway's runs with files need a corpus that is not there; the others have none by themselves.
        FILES="$([ "$what" != gateway ] || echo \ )" "$peers/bench-$what.sh" --retries 0 || exit 1
    done 2>&1 | grep -E '^  (run|noisy)|^##'
done
python3 Tests/Benchmarks/flow.py "$OUT"
