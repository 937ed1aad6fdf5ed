#!/bin/sh
# fuzz.sh [TARGET...]: builds the targets with libFuzzer and AddressSanitizer under .build-fuzz and runs each for TIME seconds (default 60).
# Seeds/TARGET and what earlier runs learnt (.build-fuzz/corpus/TARGET) are the start, messages of POSTERN_TESTDATA too where they fit; a finding
# ends it, and lies in .build-fuzz/findings.
set -eu
cd "$(dirname "$0")/../.."
out=$PWD/.build-fuzz
mkdir -p "$out/findings"
[ $# -gt 0 ] || set -- command address reply data proxy session header notification rewriting mime parameters words charset transfer html url edit types flowed extract

flags="-swift-version 6 -O -wmo -parse-as-library -use-ld=lld -I$out -I.build/debug/Modules"
instrumented="-sanitize=fuzzer,address"
# module NAME FOLDER 'MODULES THAT IT IMPORTS' [FLAG...]: only what has changed.
module() {
    name=$1 folder=$2 imports=$3
    shift 3
    [ -e "$out/$name.built" ] && stale=$(find "$folder" -name '*.swift' -newer "$out/$name.built") || stale=all
    for import in $imports; do [ "$out/$name.built" -nt "$out/$import.built" ] || stale=$import; done
    [ -n "$stale" ] || return 0
    touch "$out/$name.begun"
    # shellcheck disable=SC2046,SC2086
    swiftc $flags "$@" -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" -c $(find "$folder" -name '*.swift') \
        -o "$out/$name.o"
    mv "$out/$name.begun" "$out/$name.built"
}
module Mail Core/Mail '' $instrumented
module MIME Core/MIME Mail $instrumented
for name in SMTP DSN SRS; do module $name Core/$name Mail $instrumented; done
module Extract Core/Extract 'Mail MIME' $instrumented
# The harness itself is not instrumented: coverage is the gateway's.
module FuzzTargets Tests/Fuzz/Targets 'Mail MIME Extract SMTP DSN SRS'
module FuzzerEntry Tests/Fuzz/Entry FuzzTargets $instrumented
objects=
for name in Mail MIME Extract SMTP DSN SRS FuzzTargets FuzzerEntry; do objects="$objects $out/$name.o"; done
# shellcheck disable=SC2086
if [ ! -e "$out/fuzz" ] || [ -n "$(find $objects -newer "$out/fuzz")" ]; then
    # The cryptography is what the package's own build has made, not instrumented.
    # shellcheck disable=SC2046
    swiftc $instrumented -use-ld=lld $objects -lFoundationEssentials -lstdc++ -o "$out/fuzz.new" \
        $(find .build/debug/Crypto.build .build/debug/CryptoBoringWrapper.build .build/debug/CCryptoBoringSSL*.build .build/debug/CXKCP*.build -name '*.o')
    # A run of the last one goes on.
    mv "$out/fuzz.new" "$out/fuzz"
fi

# Without them a crash would be unwound by Swift at length, and memory kept for tales that nobody reads.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=malloc_context_size=3:quarantine_size_mb=16:detect_leaks=0
status=0
for target in "$@"; do
    mkdir -p "$out/corpus/$target"
    length=1024
    others=
    case $target in
        html | flowed | types) length=4096 ;;
        mime | extract)
            length=4096
            for folder in "${POSTERN_TESTDATA:-../shared/data}"/mime-*; do [ ! -d "$folder" ] || others="$others $folder"; done
            ;;
    esac
    echo "fuzzing $target for ${TIME:-60} s"
    # shellcheck disable=SC2086
    FUZZ_TARGET=$target Tests/isolated.sh nice "$out/fuzz" -max_total_time="${TIME:-60}" -max_len=$length -timeout=120 -rss_limit_mb=2048 \
        -dict="Tests/Fuzz/Dictionaries/$target.dict" -artifact_prefix="$out/findings/$target-" -print_funcs=0 -print_final_stats=1 \
        "$out/corpus/$target" "Tests/Fuzz/Seeds/$target" $others >"$out/$target.log" 2>&1 </dev/null || status=1
    grep -aE 'finding:|ERROR: |Test unit written|DONE|number_of_executed_units' "$out/$target.log" || tail -n 20 "$out/$target.log"
done
exit $status
