#!/bin/sh
# build.sh FOLDER: the filters that do nothing, in FOLDER/plugins: `nothing` (phase data), `nothing-everywhere` (all phases of a message) and a
# hundred more like `nothing`; and FOLDER/milter, FOLDER/milter-client.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sdk=$here/../../../SDK
mkdir -p "$1/plugins"
cd "$1"

plugin() {
    cc -std=c11 -O2 -Wall -Wextra -pedantic -shared -fPIC -fvisibility=hidden "-DID=\"$1\"" -I"$sdk/CPostern/include" -o "plugins/$1.so" "$here/Nothing/nothing.c"
    sed -e "s/@ID@/$1/" -e "s/@PHASES@/$2/" "$here/Nothing/manifest.json" > "plugins/$1.manifest.json"
}
plugin nothing '"data"'
plugin nothing-everywhere '"connect", "helo", "mail", "rcpt", "data"'
# The hundred differ in their ID alone.
plugin nothing-XX '"data"'
for i in $(seq 10 99) $(seq 0 9 | sed s/^/0/); do
    for file in so manifest.json; do LC_ALL=C sed "s/nothing-XX/nothing-$i/" "plugins/nothing-XX.$file" > "plugins/nothing-$i.$file"; done
done
rm plugins/nothing-XX.*
cc -O2 -Wall -Wextra -o milter "$here/Milter/filter.c" -lmilter -lpthread
cc -O2 -Wall -Wextra -o milter-client "$here/Milter/client.c"
