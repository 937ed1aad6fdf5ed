/* postern.clock/1: the time by which the gateway judges. Filters ask it instead of the system, so that tests and scans can set it. */
#ifndef POSTERN_EXT_CLOCK_H
#define POSTERN_EXT_CLOCK_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_CLOCK "postern.clock/1"

/* Lifetime: module. */
typedef struct postern_clock {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [pool] Microseconds since 1970-01-01T00:00:00Z. */
    int64_t (*now)(const postern_call *call);
} postern_clock;

#ifdef __cplusplus
}
#endif
#endif
