#!/bin/sh
# Says whether the headers keep the ABI as it is recorded here: README.md tells what that means. `make test` runs it.
#   check.sh [INCLUDE]     the folder that holds postern/, with layout/ beside it; without: that of this tree
set -u
here=$(cd "$(dirname "$0")" && pwd)
include=${1:-$here/../CPostern/include}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
broken=0
fail() {
    echo "ABI: $1"
    broken=1
}

if sh "$here/build.sh" "$include" "$out" >"$out/log" 2>&1; then
    python3 "$here/trim.py" "$here/layout.abi" "$out/layout.abi" >"$out/trimmed.abi" || exit 1
    # A new type is a new function of the anchor.
    abidiff --no-architecture --harmless --no-added-syms --leaf-changes-only "$here/layout.abi" "$out/trimmed.abi" >"$out/report" 2>&1
    status=$?
    if [ $status != 0 ]; then
        fail "the layout differs from the recorded one"
        grep -v '^$\|^Functions changes\|^Variables changes\|^Changed leaf types\|^Unreachable types' "$out/report"
    fi
    # New ones are growth. So is a higher minor version.
    sed '/^POSTERN_ABI_MINOR /d' "$here/constants.txt" | LC_ALL=C comm -23 - "$out/constants.txt" >"$out/missing"
    if [ -s "$out/missing" ]; then
        fail "constants are gone or have another value; recorded:"
        sed 's/^/    /' "$out/missing"
    fi
    minor() { sed -n 's/^POSTERN_ABI_MINOR \([0-9]*\)u$/\1/p' "$1"; }
    [ "$(minor "$out/constants.txt")" -ge "$(minor "$here/constants.txt")" ] || fail "POSTERN_ABI_MINOR went back"
else
    fail "the anchor library cannot be built"
    cat "$out/log"
fi

for part in "$include"/../layout/*.c; do
    gcc -std=c11 -Wall -Wextra -pedantic -Werror -I"$include" -fsyntax-only "$part" >"$out/log" 2>&1 && continue
    fail "layout/$(basename "$part") does not hold"
    grep -E 'error:' "$out/log" | head -5
done
for type in $(sed -n 's/^} \(postern_[a-z0-9_]*\);.*/\1/p; s/^struct \(postern_[a-z0-9_]*\) {$/\1/p' \
    "$include"/postern/*.h "$include"/postern/ext/*.h); do
    grep -q "^SIZE($type, " "$include"/../layout/*.c || fail "$type has no assertion of its size in SDK/CPostern/layout"
done
(cd "$include" && find postern/ext -name '*.h') | while read -r header; do
    grep -q "header \"$header\"" "$include/module.modulemap" || echo "$header"
done >"$out/unmapped"
[ -s "$out/unmapped" ] && fail "not in SDK/CPostern/include/module.modulemap: $(paste -sd' ' "$out/unmapped")"

python3 "$here/tags.py" "$include" || broken=1
[ $broken = 0 ] && echo "ABI: layout, constants and tags are as recorded"
exit $broken
