#!/bin/sh
# The built tests, in a namespace with loopback only: run.sh [options of swift test]. What failed stands at the end once more.
set -eu
cd "$(dirname "$0")/.."
POSTERN_STAGE="${POSTERN_STAGE:-$PWD/.build/stage}"
POSTERN_TESTDATA="${POSTERN_TESTDATA:-$PWD/../shared/data}"
export POSTERN_STAGE POSTERN_TESTDATA
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A few at a time: hundreds of tests at once let a session's time run out before its client had a turn.
{
	code=0
	Tests/isolated.sh swift test --skip-build --experimental-maximum-parallelization-width "${WIDTH:-4}" "$@" 2>&1 || code=$?
	echo "$code" > "$log.code"
} | tee "$log"
code=$(cat "$log.code")
rm -f "$log.code"
if [ "$code" != 0 ]; then
	echo "Failed:"
	grep -A3 -E "recorded an issue|^error:|Fatal error" "$log" | head -60 || true
fi
exit "$code"
