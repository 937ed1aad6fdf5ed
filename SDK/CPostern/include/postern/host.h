/* What the host offers to every plugin. Everything else is an extension, asked for by its ID. */
#ifndef POSTERN_HOST_H
#define POSTERN_HOST_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lifetime: module. */
struct postern_host {
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    void *context;    /* the host's */
    const char *name; /* "postern host": product and home, for logs */

    /* [config] The extension's table, lifetime module; null when this host has none of that ID. `id` is NUL-terminated. Ask in `load`, and
     * keep the pointer. */
    const void *(*extension)(const postern_host *self, const char *id);

    /* [any-thread] The bytes of a ref, valid for the run. Never blocks. INVALID: outside the region; FAILED: it cannot be had. */
    postern_status (*view)(const postern_call *call, postern_ref ref, postern_bytes *out);

    /* [any-thread] 1 once nobody waits for this run any more: for long work in the class `blocking`. */
    uint32_t (*cancelled)(const postern_call *call);

    /* [loop] [pool] Gives an operation up. Its completion does not come. GONE: no such operation. */
    postern_status (*cancel_operation)(const postern_call *call, uint64_t operation);
};

#ifdef __cplusplus
}
#endif
#endif
