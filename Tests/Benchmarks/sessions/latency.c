#include "latency.h"

#include <stdio.h>
#include <stdlib.h>

void latency_add(struct latency *l, uint64_t microseconds) {
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 1 << 16;
        l->microseconds = realloc(l->microseconds, l->capacity * sizeof *l->microseconds);
        if (!l->microseconds) abort();
    }
    l->microseconds[l->count++] = (uint32_t)microseconds;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void latency_print(struct latency *l, const char *name) {
    if (l->count == 0) return;
    qsort(l->microseconds, l->count, sizeof *l->microseconds, compare);
    double p50 = l->microseconds[l->count / 2], p99 = l->microseconds[l->count * 99 / 100], most = l->microseconds[l->count - 1];
    printf(" %s_p50_ms=%.2f %s_p99_ms=%.2f %s_max_ms=%.2f", name, p50 / 1e3, name, p99 / 1e3, name, most / 1e3);
}
