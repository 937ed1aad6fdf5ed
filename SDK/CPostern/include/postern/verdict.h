/* Results. The host copies every string; nothing is kept of what you pass. */
#ifndef POSTERN_VERDICT_H
#define POSTERN_VERDICT_H

#include "route.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Actions: proposals, merged by the host in a documented order and within the manifest's rights. */
#define POSTERN_REJECT 1u     /* code 5xx */
#define POSTERN_DEFER 2u      /* code 4xx */
#define POSTERN_QUARANTINE 3u /* text is the reason; code, subject and detail are 0 */
#define POSTERN_DISCARD 4u    /* the same */

/* Lifetime: call, on that thread. What was added stays when the run is suspended. After CANCEL
 * nothing counts any more. In the phase `outcome` all but `fail` are UNSUPPORTED; in `route` and `peer`
 * all but `fail`, `propose` of REJECT and DEFER, and `require`, which is for `route` only. All functions: [loop] [pool]. */
typedef struct postern_verdict_builder {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */

    /* A finding. `name` (ASCII) must be declared in the manifest, else FORBIDDEN; `factor` scales the domain's weight (1: as it is);
     * `detail` is UTF-8 for people; `evidence`, the bytes that show it, tells which part it was found in; null, or of length 0: none. */
    postern_status (*add_symbol)(struct postern_verdict_builder *self, postern_bytes name, double factor, postern_bytes detail,
                                 const postern_ref *evidence, const postern_mask *recipients);

    /* `enhanced_subject` and `enhanced_detail` are the y and z of x.y.z (RFC 3463); x follows from `code`. */
    postern_status (*propose)(struct postern_verdict_builder *self, uint32_t action, uint32_t code, uint32_t enhanced_subject,
                              uint32_t enhanced_detail, postern_bytes text, const postern_mask *recipients);

    /* A header field above the message, for these recipients. `name`: RFC 5322 ftext; `value`: UTF-8, one line (it is folded for you). */
    postern_status (*add_header)(struct postern_verdict_builder *self, postern_bytes name, postern_bytes value,
                                 const postern_mask *recipients);

    /* The run could not judge: its result becomes `error`, and the slot's on_error decides. `text` (UTF-8) is for the operator's log.
     * Return DONE afterwards. */
    postern_status (*fail)(struct postern_verdict_builder *self, postern_bytes text);

    /* Demands it of the way to the destination: phase `route`, right `route`. LIMIT: more than 16. */
    postern_status (*require)(struct postern_verdict_builder *self, const postern_requirement *requirement);
} postern_verdict_builder;

#ifdef __cplusplus
}
#endif
#endif
