/* postern.cache/1: results by digest, in memory, to save doing the same work twice. Each loaded library has its own in each process that it
 * runs in: it begins empty, is forgotten at a restart or reload, and what was used longest ago makes room for what is new. */
#ifndef POSTERN_EXT_CACHE_H
#define POSTERN_EXT_CACHE_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_CACHE "postern.cache/1"

#define POSTERN_CACHE_DIGEST 32u /* bytes of a digest: make it with a cryptographic hash of all that the result depends on */

/* Lifetime: module. */
typedef struct postern_cache {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */

    /* [any-thread] Copies what is stored under `digest` to `out`. OK: `*length` bytes. ABSENT: nothing is, or its time is over. LIMIT: it is
     * longer than `capacity`; `*length` says how long, and nothing was copied. */
    postern_status (*get)(const struct postern_cache *self, const uint8_t digest[POSTERN_CACHE_DIGEST], uint8_t *out, uint64_t capacity,
                          uint64_t *length);

    /* [any-thread] Stores a copy of `value`, in place of what was there, for so many microseconds; 0: until it makes room. LIMIT: longer than
     * 65536 bytes. */
    postern_status (*put)(const struct postern_cache *self, const uint8_t digest[POSTERN_CACHE_DIGEST], postern_bytes value,
                          uint64_t duration);

    /* [any-thread] ABSENT: there was nothing. */
    postern_status (*remove)(const struct postern_cache *self, const uint8_t digest[POSTERN_CACHE_DIGEST]);
} postern_cache;

#ifdef __cplusplus
}
#endif
#endif
