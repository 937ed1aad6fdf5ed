#!/bin/sh
# fuzz.sh [TARGET...]: builds the targets with libFuzzer and AddressSanitizer under .build-fuzz and runs each for TIME seconds (default 60).
# Seeds/TARGET and what earlier runs learnt (.build-fuzz/corpus/TARGET) are the start; a finding ends it, and lies in .build-fuzz/findings.
set -eu
cd "$(dirname "$0")/../.."
out=$PWD/.build-fuzz
mkdir -p "$out/findings"
[ $# -gt 0 ] || set -- command address reply data proxy session header

flags="-swift-version 6 -O -wmo -parse-as-library -use-ld=lld -I$out"
instrumented="-sanitize=fuzzer,address"
newer() { [ ! -e "$out/fuzz" ] || [ -n "$(find Core/Mail Core/MIME Core/SMTP Tests/Fuzz/Targets Tests/Fuzz/Entry -newer "$out/fuzz" -name '*.swift')" ]; }
module() {
    name=$1
    folder=$2
    shift 2
    # shellcheck disable=SC2046,SC2086
    swiftc $flags "$@" -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" -c $(find "$folder" -name '*.swift') \
        -o "$out/$name.o"
}
if newer; then
    for name in Mail MIME SMTP; do module $name Core/$name $instrumented; done
    # The harness itself is not instrumented: coverage is the gateway's.
    module FuzzTargets Tests/Fuzz/Targets
    # shellcheck disable=SC2086
    swiftc $flags $instrumented -module-name FuzzerEntry Tests/Fuzz/Entry/FuzzerEntry.swift "$out/Mail.o" "$out/MIME.o" "$out/SMTP.o" "$out/FuzzTargets.o" -o "$out/fuzz"
fi

# Without them a crash would be unwound by Swift at length, and memory kept for tales that nobody reads.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=malloc_context_size=3:quarantine_size_mb=16:detect_leaks=0
status=0
for target in "$@"; do
    mkdir -p "$out/corpus/$target"
    echo "fuzzing $target for ${TIME:-60} s"
    FUZZ_TARGET=$target Tests/isolated.sh nice "$out/fuzz" -max_total_time="${TIME:-60}" -max_len=1024 -timeout=20 -rss_limit_mb=2048 \
        -dict="Tests/Fuzz/Dictionaries/$target.dict" -artifact_prefix="$out/findings/$target-" -print_final_stats=1 \
        "$out/corpus/$target" "Tests/Fuzz/Seeds/$target" >"$out/$target.log" 2>&1 </dev/null || status=1
    grep -aE 'finding:|ERROR: |Test unit written|DONE|number_of_executed_units' "$out/$target.log" || tail -n 20 "$out/$target.log"
done
exit $status
