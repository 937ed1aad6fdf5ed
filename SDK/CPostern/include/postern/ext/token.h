/* postern.token/1: lets a thread of the plugin's own end an operation of a run. `begin` one, SUSPEND or DETACH, work on that thread, `complete`
 * it: RESUME follows on the run's own thread. */
#ifndef POSTERN_EXT_TOKEN_H
#define POSTERN_EXT_TOKEN_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_TOKEN "postern.token/1"

/* Names one operation. A plain number, never 0 and never used again in this process: it may outlive its run, and is then GONE. */
typedef uint64_t postern_token;

/* The result of a completion. Lifetime: run. */
typedef struct postern_token_result {
    uint32_t size;
    uint32_t reserved;
    postern_bytes bytes; /* a copy of what was given to `complete` */
} postern_token_result;

/* Lifetime: module. */
typedef struct postern_tokens {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */
    /* [loop] [pool] LIMIT: the run would have more than 256 operations under way. */
    postern_status (*begin)(const postern_call *call, postern_token *token, uint64_t *operation);
    /* [any-thread] Never blocks, and never calls the plugin. GONE: it was completed before, was given up, or its run has ended. LIMIT: more than
     * 65536 bytes; the operation goes on. */
    postern_status (*complete)(const struct postern_tokens *self, postern_token token, postern_bytes bytes);
} postern_tokens;

#ifdef __cplusplus
}
#endif
#endif
