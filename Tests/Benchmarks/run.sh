#!/bin/bash
# make bench: the store alone, then the gateway beside Postfix, in turn, on loopback: smtp-source -> server -> smtp-sink, 4 KiB messages, 20 sessions, drained.
# Only ratios of one run count: machines drift. ROUNDS=5 rounds by default. The peers' scripts are found through POSTERN_PEERS.
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

if [ ! -d "$peers" ]; then
    echo "skipped: no peers' scripts in POSTERN_PEERS ($peers)" >&2
    exit 0
fi
export GW_CMD="$stage/bin/postern run --config $work/config" ROUNDS=${ROUNDS:-5} WHAT=${WHAT:-"direct postfix gateway"} BASE=${BASE:-$work/peers} OUT=$work/interleave.tsv
mkdir -p "$BASE"
chmod 755 "$work" "$BASE"
# Its runs with files need a corpus that is not there: left out.
"$peers/bench-interleave.sh" | grep -v gateway-file
