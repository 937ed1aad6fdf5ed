#!/bin/sh
# stage.sh CONFIGURATION FOLDER: lays out what `swift build -c CONFIGURATION` made as an installed tree in FOLDER, with the SDK and the
# examples built against it. SCRATCH: where the build is, if not in .build.
set -eu
configuration=$1
folder=$2
root=$(cd "$(dirname "$0")/.." && pwd)
built=$(cd "$root" && swift build -c "$configuration" ${SCRATCH:+--scratch-path "$SCRATCH"} --show-bin-path)
mkdir -p "$folder/bin" "$folder/plugins" "$folder/lib/postern/runtime"
folder=$(cd "$folder" && pwd)

# Replaced by renaming, so that a running gateway keeps what it has mapped.
put() { cp "$1" "$2.new" && mv -f "$2.new" "$2"; }

put "$built/postern" "$folder/bin/postern"
put "$built/postern-worker" "$folder/bin/postern-worker"
for plugin in "$root"/Plugins/*/manifest.json; do
    id=$(sed -n 's/^ *"id": *"\([a-z0-9-]*\)".*/\1/p' "$plugin" | head -n 1)
    library="$built/lib$id-filter.so" # where lib$id.so is the name of the C library that it uses
    [ -e "$library" ] || library="$built/lib$id.so"
    put "$library" "$folder/plugins/$id.so"
    put "$plugin" "$folder/plugins/$id.manifest.json"
done
# The Swift runtime, so that the tree runs on a machine without a toolchain (bin/postern looks there: $ORIGIN/../lib/postern/runtime).
ldd "$built/postern" "$built/postern-worker" "$built"/lib*.so | sed -n 's/.*=> \(\/[^ ]*\/usr\/lib\/swift\/[^ ]*\).*/\1/p' | sort -u | while read -r library; do
    put "$library" "$folder/lib/postern/runtime/$(basename "$library")"
done

rm -rf "$folder/sdk"
mkdir -p "$folder/sdk"
cp -R "$root/SDK/." "$folder/sdk/"
rm -rf "$folder/sdk/.build"
mkdir -p "$folder/sdk/include"
cp -R "$root/SDK/CPostern/include/postern" "$folder/sdk/include/"

# What `postern plugin new` starts from.
mkdir -p "$folder/sdk/examples"
for language in c cpp swift; do
    cp -R "$root/examples/hello-filter-$language" "$folder/sdk/examples/"
    rm -rf "$folder/sdk/examples/hello-filter-$language/build" "$folder/sdk/examples/hello-filter-$language/.build"
done

for example in hello-filter-c hello-filter-cpp links-filter-c; do
    make -s -C "$root/examples/$example" SDK="$root/SDK" BUILD="$folder/examples"
done

# The layer under the tests of power cuts and disk faults, and what writes filter state under it.
if [ "$configuration" = debug ]; then
	mkdir -p "$folder/tests"
	put "$built/StateBenchmark" "$folder/tests/StateBenchmark"
	gcc -std=gnu11 -O2 -Wall -Wextra -shared -fPIC -o "$folder/tests/powercut.so" "$root"/Tests/PowerCut/layer/*.c -ldl -lpthread
fi
