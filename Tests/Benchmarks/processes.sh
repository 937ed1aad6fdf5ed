# Sourced. What a server costs, all its processes together: the process given and everything below it.

# Its process IDs.
processes_of() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
        { pid = $1; sub(/.*\) /, ""); split($0, field, " "); parent[pid] = field[2] }
        END {
            for (pid in parent) {
                for (at = pid; at != root && at in parent; at = parent[at]) {}
                if (at == root) print pid
            }
        }'
}

# Milliseconds of CPU used so far, children that have ended included.
cpu_of() {
    local pid files=()
    for pid in $(processes_of "$1"); do files+=("/proc/$pid/stat"); done
    cat "${files[@]}" 2>/dev/null | awk -v hz="$(getconf CLK_TCK)" '
        { sub(/.*\) /, ""); split($0, f, " "); ticks += f[12] + f[13] + f[14] + f[15] }
        END { printf "%d\n", ticks * 1000 / hz }'
}

# KiB of memory, pages that several processes share counted once (PSS).
memory_of() {
    local pid files=()
    for pid in $(processes_of "$1"); do files+=("/proc/$pid/smaps_rollup"); done
    cat "${files[@]}" 2>/dev/null | awk '/^Pss:/ { kib += $2 } END { print kib + 0 }'
}
