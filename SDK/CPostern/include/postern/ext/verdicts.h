/* postern.verdicts/1: what was found before this run began, by filters of earlier phases, and of this phase that stand before this one in the
 * domain's list (those beside it in a list of their own may or may not have ended). Only what concerns recipients of this run is told.
 *
 * What a plugin that names this extension finds holds for one domain at most, whatever scope its manifest declares. */
#ifndef POSTERN_EXT_VERDICTS_H
#define POSTERN_EXT_VERDICTS_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_VERDICTS "postern.verdicts/1"

/* postern_earlier_verdict.result */
#define POSTERN_RESULT_DONE 0u
#define POSTERN_RESULT_ERROR 1u   /* from here on: no verdict. It found nothing, which is not the same as that nothing is there */
#define POSTERN_RESULT_TIMEOUT 2u
#define POSTERN_RESULT_CRASH 3u

/* postern_earlier_verdict.flags */
#define POSTERN_VERDICT_REQUIRED 1u /* without its verdict nothing is delivered */
#define POSTERN_VERDICT_REJECT 2u   /* it proposed to: */
#define POSTERN_VERDICT_DEFER 4u
#define POSTERN_VERDICT_QUARANTINE 8u
#define POSTERN_VERDICT_DISCARD 16u

/* One filter's run. Lifetime of its bytes: run. */
typedef struct postern_earlier_verdict {
    uint32_t size; /* in: the caller's sizeof; out: the bytes that the host has filled, for POSTERN_HAS */
    uint32_t flags;
    uint32_t phase; /* POSTERN_PHASE_* */
    uint32_t result;
    postern_bytes filter; /* the slot's name */
    postern_bytes detail; /* UTF-8: what went wrong, when `result` is not DONE */
} postern_earlier_verdict;

/* One symbol. Lifetime of its bytes: run. */
typedef struct postern_finding {
    uint32_t size;    /* as above */
    uint32_t verdict; /* the index of the verdict that it belongs to */
    postern_bytes symbol;
    double factor;
    double score; /* factor times the domain's weight, at the edge times the manifest's; a mailbox may weigh it otherwise */
    postern_bytes detail;    /* UTF-8; may hold any text */
    postern_mask recipients; /* words null: all */
} postern_finding;

/* Lifetime: module. All functions: [loop] [pool]. */
typedef struct postern_verdicts {
    uint32_t size;
    uint32_t reserved;
    uint32_t (*verdict_count)(const postern_call *call);
    /* Fills `out`, whose size the caller has set. INVALID: no such index. */
    postern_status (*verdict)(const postern_call *call, uint32_t index, postern_earlier_verdict *out);
    uint32_t (*finding_count)(const postern_call *call);
    postern_status (*finding)(const postern_call *call, uint32_t index, postern_finding *out);
} postern_verdicts;

#ifdef __cplusplus
}
#endif
#endif
