#!/bin/sh
# Builds the anchor library, and writes what it shows: OUT/layout.abi (abidw), OUT/constants.txt (macros, which no layout holds).
#   build.sh INCLUDE OUT
set -eu
here=$(dirname "$0")
include=$(cd "$1" && pwd)
out=$2
sh "$here/anchor.sh" "$include" >"$out/anchor.c"
cd "$out"
gcc -std=c11 -Wall -Wextra -Werror -g -O0 -shared -fPIC -fvisibility=hidden -I"$include" anchor.c -o anchor.so
abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-parameter-names --type-id-style hash anchor.so >layout.abi
# Without the guards of the headers.
gcc -std=c11 -I"$include" -dM -E anchor.c | sed -n 's/^#define \(POSTERN_.*\)/\1/p' | grep -v '^POSTERN_[A-Z0-9_]*_H *$' |
    LC_ALL=C sort >constants.txt
