#!/bin/sh
# sanitize.sh [thread|address...]: builds gateway, workers, filters and tests with ThreadSanitizer (under .build-tsan) and AddressSanitizer
# (.build-asan), runs the suites below, or those that PARTS names ('MIMETests|ExtractTests'), and fails with what a sanitizer reported in any of
# their processes.
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- thread address

# The parts that have threads of their own.
threads='PluginHostTests|WorkerLinkTests|StoreTests|QueueTests|DeliverTests|DNSClientTests|HTTPClientTests|TelemetryTests|ControlTests'
threads="$threads|ReceiveTests|SupervisorTests|InFlightTests|PosternKitTests"
# Those that read what others wrote: with AddressSanitizer only, they have one thread and much to count.
readers='MailTests|MIMETests|ExtractTests|SMTPTests|DSNTests|SettingsTests|InspectTests'
# The gateway as a process, with its workers, under load and faults.
gateway='WorkerTests|WorkerLifeTests|ServiceTests|GreylistTests|OutcomeTests|ReloadTests|InFlightTests'
# The limit that is off in these builds; a layer that is preloaded, where the sanitizer must come first.
skipped='memoryBeyondItsLimit|otherLimitsBringAnotherWorkerWhileRunsEndInTheOldOne|waitsOverAPowerCutAndIsLetIn'
# Fewer tests at a time than elsewhere: each takes several times as long, and their patience does not.
export WIDTH="${WIDTH:-2}"

check() {
    kind=$1
    case $kind in
    thread) scratch=$PWD/.build-tsan define=-DTHREAD parts=$threads ;;
    address) scratch=$PWD/.build-asan define=-DADDRESS parts="$threads|$readers" ;;
    *) echo "usage: sanitize.sh [thread|address...]" >&2 && exit 2 ;;
    esac
    reports=$scratch/reports
    rm -rf "$reports"
    mkdir -p "$reports"
    clang -O2 -Wall -fPIC $define -DREPORTS="\"$reports\"" -DSUPPRESSIONS="\"$PWD/Tests/Sanitizers/thread.supp\"" \
        -c Tests/Sanitizers/runtime.c -o "$scratch/runtime.o.new" || return 1
    # No file that the package knows of: what it is linked into goes, to be linked again.
    if ! cmp -s "$scratch/runtime.o.new" "$scratch/runtime.o"; then
        mv "$scratch/runtime.o.new" "$scratch/runtime.o"
        rm -f "$scratch"/debug/*.so "$scratch"/debug/*.xctest "$scratch"/debug/postern "$scratch"/debug/postern-worker
    fi
    set -- -Xlinker "$scratch/runtime.o" -Xlinker "--version-script=$PWD/Tests/Sanitizers/exports.map"
    # What only a filter needs of ThreadSanitizer's runtime is in the executable, but not to be seen.
    if [ "$kind" = thread ]; then
        for name in external_read external_write ignore_thread_begin ignore_thread_end; do
            set -- "$@" -Xlinker "--export-dynamic-symbol=__tsan_$name"
        done
    fi
    swift build --build-tests --sanitize="$kind" --scratch-path "$scratch" "$@" || return 1
    export POSTERN_STAGE="$scratch/stage"
    SCRATCH=$scratch CC="clang -fsanitize=$kind" Tests/stage.sh debug "$POSTERN_STAGE" || return 1

    status=0
    # A run that hangs is a finding too.
    for suites in "^(${PARTS:-$parts})\\." "^EndToEndTests\\.($gateway)/"; do
        timeout "${LIMIT:-1500}" Tests/run.sh --scratch-path "$scratch" --sanitize="$kind" --filter "$suites" --skip "$skipped" || status=$?
        [ -z "${PARTS:-}" ] || break
    done
    for report in "$reports"/*; do
        # A worker's is mapped at its full size before there is anything to say.
        [ -e "$report" ] && [ -n "$(tr -d '\0' <"$report" | head -c 1)" ] || continue
        echo "$report:"
        tr -d '\0' <"$report" | head -n 200
        status=1
    done
    [ "$status" = 0 ] && echo "$kind: clean" || echo "$kind: NOT clean"
    return "$status"
}

all=0
for kind; do check "$kind" || all=1; done
exit $all
