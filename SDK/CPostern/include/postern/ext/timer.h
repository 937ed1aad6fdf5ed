/* postern.timer/1: a completion after a while. */
#ifndef POSTERN_EXT_TIMER_H
#define POSTERN_EXT_TIMER_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_TIMER "postern.timer/1"

/* Lifetime: module. */
typedef struct postern_timer {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [pool] The completion has no result. `microseconds`: at most an hour. */
    postern_status (*start)(const postern_call *call, uint64_t microseconds, uint64_t *operation);
} postern_timer;

#ifdef __cplusplus
}
#endif
#endif
