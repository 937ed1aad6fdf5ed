/* postern.log/1: lines in the gateway's log, with the plugin's name and, inside a run, the queue ID. */
#ifndef POSTERN_EXT_LOG_H
#define POSTERN_EXT_LOG_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_LOG "postern.log/1"

#define POSTERN_LOG_DEBUG 0u
#define POSTERN_LOG_INFO 1u
#define POSTERN_LOG_WARNING 2u
#define POSTERN_LOG_ERROR 3u

/* Lifetime: module. */
typedef struct postern_log {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */
    /* [any-thread] `call` may be null outside a run. `text` is UTF-8, one line; what is past 1024 bytes is cut. LIMIT: a run wrote more
     * than 64 lines. */
    postern_status (*write)(const struct postern_log *self, const postern_call *call, uint32_t level, postern_bytes text);
} postern_log;

#ifdef __cplusplus
}
#endif
#endif
