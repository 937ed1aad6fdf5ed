/* postern.random/1: bytes that nobody can guess. In a sandbox there may be no other source; a validator can make them repeat. */
#ifndef POSTERN_EXT_RANDOM_H
#define POSTERN_EXT_RANDOM_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_RANDOM "postern.random/1"

/* Lifetime: module. */
typedef struct postern_random {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */
    /* [any-thread] Fills `length` bytes. LIMIT: more than 65536. */
    postern_status (*fill)(const struct postern_random *self, uint8_t *out, uint64_t length);
    /* [any-thread] */
    uint64_t (*u64)(const struct postern_random *self);
} postern_random;

#ifdef __cplusplus
}
#endif
#endif
