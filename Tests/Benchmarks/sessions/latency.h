// Every sample kept, so that percentiles are exact.
#ifndef LATENCY_H
#define LATENCY_H

#include <stddef.h>
#include <stdint.h>

struct latency {
    uint32_t *microseconds;
    size_t count, capacity;
};

void latency_add(struct latency *, uint64_t microseconds);
/// Prints " NAME_p50_ms=... NAME_p99_ms=... NAME_max_ms=...".
void latency_print(struct latency *, const char *name);

#endif
