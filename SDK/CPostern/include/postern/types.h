/* The types that everything is made of. Fixed widths, no enums, no bit-fields.
 *
 * Tags in comments say where a function may be called:
 *   [loop]        on the event loop that called on_phase, inside that call; at most 200 microseconds a call
 *   [pool]        the same for a plugin of class `blocking`: on a thread of the host's pool; may block
 *   [config]      on a thread of the host's, never at the same time as another [config] function of this module; may block
 *   [any-thread]  from any thread
 *   [may-block]   may take long
 * and each pointer names its lifetime: module > instance > session > transaction > run > call. Nobody frees the other's memory. A `call` lives
 * for its run: no thread may use it once on_phase has returned DONE, or has returned from CANCEL. */
#ifndef POSTERN_TYPES_H
#define POSTERN_TYPES_H

#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes, not text: mail is bytes. UTF-8 only where the field says so. `data` may be null when `length` is 0. Never NUL-terminated.
 * Lifetime: that of what it stands in; of an argument: call. */
typedef struct postern_bytes {
    const uint8_t *data;
    uint64_t length;
} postern_bytes;

/* A piece of a message: means the same in every process. See postern_host.view. */
typedef struct postern_ref {
    uint32_t region;
    uint32_t flags; /* POSTERN_REF_* */
    uint64_t offset;
    uint64_t length;
} postern_ref;

/* Which recipients: bit i of word i/64 is recipient i. Where a pointer to one, or its `words`, is null, all that the call is about are meant;
 * a count of 0 with words means nobody. Lifetime: that of what it stands in; of an argument: call. */
typedef struct postern_mask {
    const uint64_t *words;
    uint32_t count; /* of words */
    uint32_t reserved;
} postern_mask;

/* What a host function, or a plugin function that can fail, returns. */
typedef int32_t postern_status;
#define POSTERN_OK 0
#define POSTERN_INVALID (-1)     /* an argument makes no sense */
#define POSTERN_LIMIT (-2)       /* too many, too long: see SDK/README.md for the limits */
#define POSTERN_GONE (-3)        /* the run has ended */
#define POSTERN_FORBIDDEN (-4)   /* the manifest does not declare it; counted */
#define POSTERN_UNSUPPORTED (-5) /* not in this phase, or not by this host */
#define POSTERN_FAILED (-6)      /* it went wrong; a log line or a problem says how */
#define POSTERN_ABSENT (-7)      /* there is nothing of that name */

/* Phases, in the order of a message's path. */
#define POSTERN_PHASE_CONNECT 0u
#define POSTERN_PHASE_HELO 1u
#define POSTERN_PHASE_AUTH 2u
#define POSTERN_PHASE_MAIL 3u
#define POSTERN_PHASE_RCPT 4u
#define POSTERN_PHASE_DATA 5u
#define POSTERN_PHASE_ROUTE 6u
#define POSTERN_PHASE_PEER 7u
#define POSTERN_PHASE_OUTCOME 8u

/* postern_ref.flags: each is a gap. What has one was not seen whole, and must not be taken for clean. */
#define POSTERN_REF_TRUNCATED 1u
#define POSTERN_REF_LIMIT_HIT 2u
#define POSTERN_REF_MALFORMED 4u
#define POSTERN_REF_ENCRYPTED 8u
#define POSTERN_REF_AMBIGUOUS 16u

typedef struct postern_host postern_host;         /* host.h */
typedef struct postern_call postern_call;         /* plugin.h */
typedef struct postern_module postern_module;     /* the plugin's own: one per loaded library */
typedef struct postern_instance postern_instance; /* the plugin's own: one per settings */

#ifdef __cplusplus
}
#endif
#endif
