#!/bin/sh
# Records the headers as they are as the ABI that later ones are held to: at a release, or after an accepted break.
#   record.sh              refuses when check.sh does: only growth is recorded
#   record.sh "reason"     accepts the break; the reason and what broke go to accepted.md
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
include=$here/../CPostern/include
if [ -f "$here/layout.abi" ] && ! sh "$here/check.sh" >"$out/report"; then
    if [ $# != 1 ] || [ -z "$1" ]; then
        cat "$out/report"
        echo "To accept this break: $0 \"why it has to be\""
        exit 1
    fi
    # What no reason can excuse.
    if grep '^ABI: \(the anchor\|layout/\|.* has no assertion\|not in\)' "$out/report" || ! python3 "$here/tags.py" "$include"; then exit 1; fi
    {
        printf '\n## %s\n\n%s\n\n```\n' "$(date -u +%Y-%m-%d)" "$1"
        cat "$out/report"
        printf '```\n'
    } >>"$here/accepted.md"
fi
sh "$here/build.sh" "$include" "$out"
cp "$out/layout.abi" "$out/constants.txt" "$here/"
echo "recorded $(grep -c '<class-decl' "$here/layout.abi") structs, $(wc -l <"$here/constants.txt") constants"
