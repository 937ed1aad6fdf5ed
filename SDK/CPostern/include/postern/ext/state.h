/* postern.state/1: what a filter remembers from message to message. Kept on disk: what is DONE outlives a crash and a power cut.
 *
 * Each plugin has a space of its own for each domain (postern_call.domain), and a plugin-wide one, which is also that of the edge. What a
 * plugin that names this extension finds holds for one domain at most, whatever scope its manifest declares. */
#ifndef POSTERN_EXT_STATE_H
#define POSTERN_EXT_STATE_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_STATE "postern.state/1"

/* postern_state_operation.kind */
#define POSTERN_STATE_GET 0u
#define POSTERN_STATE_PUT 1u    /* `value`, for `duration`, if `condition` */
#define POSTERN_STATE_REMOVE 2u /* if `condition` */
#define POSTERN_STATE_COUNT 3u  /* adds `amount` to a counter, and tells its sum over the last `duration` */
#define POSTERN_STATE_SCAN 4u   /* entries whose key begins with `key`, in the order of their bytes, those after `after` */
#define POSTERN_STATE_RESET 5u  /* removes a counter */

/* postern_state_operation.condition, of PUT and REMOVE */
#define POSTERN_STATE_ALWAYS 0u
#define POSTERN_STATE_IF_ABSENT 1u  /* PUT only */
#define POSTERN_STATE_IF_VERSION 2u /* an entry is there, and has `version`: compare and swap */

/* postern_state_operation.flags */
#define POSTERN_STATE_PLUGIN_WIDE 1u /* in the space that all domains share */
#define POSTERN_STATE_KEYS_ONLY 2u   /* SCAN: without values */

/* Lifetime: call. */
typedef struct postern_state_operation {
    uint32_t kind;
    uint32_t flags;
    uint32_t condition;
    uint32_t limit;      /* SCAN: entries at most, 1 to 256 */
    postern_bytes key;   /* 1 to 512 bytes; SCAN: may be empty */
    postern_bytes value; /* PUT: at most 65536 bytes */
    postern_bytes after; /* SCAN: empty, or the last key that is known already */
    uint64_t version;    /* IF_VERSION */
    /* Microseconds. PUT: how long the entry is kept; 0: the longest, 400 days. COUNT and RESET: the window, a second to 31 days. A counter is
     * named by key and window, apart from all entries. */
    uint64_t duration;
    uint64_t amount; /* COUNT; 0 only reads */
} postern_state_operation;

/* postern_state_result.status */
#define POSTERN_STATE_FOUND 0    /* GET, SCAN */
#define POSTERN_STATE_ABSENT 1   /* GET: no such entry, or its time is over */
#define POSTERN_STATE_DONE 2     /* PUT, REMOVE (there may have been nothing), COUNT, RESET */
#define POSTERN_STATE_CONFLICT 3 /* the condition did not hold: `version` and `value` are what is there, 0 and empty when nothing is */
#define POSTERN_STATE_QUOTA 4    /* the space, or the plugin's all together, are full: `detail` says which. Nothing was changed */
#define POSTERN_STATE_FAILED 5   /* `detail` says why. It is not known whether it was done */

/* Lifetime: run. */
typedef struct postern_state_entry {
    postern_bytes key;
    postern_bytes value;
    uint64_t version;
    int64_t expires_at; /* microseconds since 1970 */
} postern_state_entry;

/* The result of a completion. Lifetime: run. */
typedef struct postern_state_result {
    uint32_t size;
    int32_t status;
    /* GET, PUT, CONFLICT: of the entry as it is now. Never 0; each change of an entry gives it one that none of this plugin's ever had. */
    uint64_t version;
    int64_t expires_at;
    /* COUNT: of what was added within the window, this amount included. An amount leaves the sum at most a 32nd of the window too late, and
     * never too early. Stays at its largest rather than overflow. */
    uint64_t sum;
    postern_bytes value; /* GET, CONFLICT */
    const postern_state_entry *entries; /* SCAN */
    uint32_t entry_count;
    uint32_t entry_size; /* the stride of `entries` */
    uint32_t more;       /* SCAN: 1 when there are entries after these: `limit` or 1 MiB of them was reached */
    uint32_t reserved;
    postern_bytes detail; /* UTF-8 */
} postern_state_result;

/* Lifetime: module. */
typedef struct postern_state {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [pool] Begins `count` operations; `operation_size` is the stride of `operations`. Fills ids[0 ..< count]. All or none: LIMIT when
     * the run would have more than 256 operations under way, or for a key or value that is too long; INVALID for a bad operation. The
     * operations of one run are carried out one after the other, in the order in which they were begun; each has its own completion and
     * result. One that was given up, or whose run has ended, may be carried out all the same. */
    postern_status (*submit)(const postern_call *call, const postern_state_operation *operations, uint32_t count, uint32_t operation_size,
                             uint64_t *ids);
} postern_state;

#ifdef __cplusplus
}
#endif
#endif
