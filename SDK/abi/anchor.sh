#!/bin/sh
# Writes the source of the anchor library: all headers, and for each type of the ABI a function that takes it, so that abidiff sees them all (what
# is reached through `void *` escapes it otherwise). Made from the headers, so that no type can be forgotten; one function each, so that a
# new type is a new function and changes none of the others.
#   anchor.sh INCLUDE      the folder that holds postern/
set -eu
cd "$1"
headers=$(find postern -name '*.h' | LC_ALL=C sort)
for header in $headers; do echo "#include \"$header\""; done
# As each typedef ends: `} NAME;`, or in one line.
cat $headers |
    sed -n -e 's/^} \(postern_[a-z0-9_]*\);.*/\1/p' -e 's/^typedef [^;{]*[^;{a-z0-9_]\(postern_[a-z0-9_]*\);.*/\1/p' |
    LC_ALL=C sort -u |
    sed 's/.*/POSTERN_EXPORT void anchor_&(& *value);\nvoid anchor_&(& *value) { (void)value; }/'
echo 'const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { (void)host_abi_major; return 0; }'
