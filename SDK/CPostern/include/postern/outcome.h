/* What became of one copy of a message, or of a session or recipient that was refused: the record that the phase `outcome` carries. Reverse-path,
 * recipient (index 0) and queue ID are the call's transaction; the message itself is not there any more. Who only observes decides nothing. */
#ifndef POSTERN_OUTCOME_H
#define POSTERN_OUTCOME_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* postern_outcome.kind */
#define POSTERN_OUTCOME_DELIVERED 1u   /* the next hop took it */
#define POSTERN_OUTCOME_BOUNCED 2u     /* the next hop refused it for good */
#define POSTERN_OUTCOME_EXPIRED 3u     /* its time in the queue was over */
#define POSTERN_OUTCOME_QUARANTINED 4u /* kept, for what was found in it */
#define POSTERN_OUTCOME_REJECTED 5u    /* the client was told 5xx, in `phase` */
#define POSTERN_OUTCOME_DISCARDED 6u   /* dropped, for what was found in it */
#define POSTERN_OUTCOME_RELEASED 7u    /* somebody let it go after all: the outcome of its delivery follows */
#define POSTERN_OUTCOME_DELETED 8u     /* somebody deleted it */

/* What counted in the score. Lifetime: that of the array it stands in. */
typedef struct postern_outcome_symbol {
    postern_bytes name;
    double score; /* to two digits behind the point */
} postern_outcome_symbol;

/* Lifetime: run. */
typedef struct postern_outcome {
    uint32_t size;
    uint32_t kind;
    uint32_t phase;         /* POSTERN_PHASE_*: where it was decided; OUTCOME: in the queue, or by a person */
    uint32_t attempts;      /* of delivery, this one included; 0 for what was never tried */
    int64_t time;           /* microseconds since 1970 */
    postern_bytes status;   /* enhanced status code, "5.1.1"; empty where there is none */
    postern_bytes text;     /* for people: what the next hop said, or why; may hold any bytes */
    postern_bytes next_hop; /* "mail.example.com[192.0.2.1]:25"; empty for what was never tried */
    double score;           /* with which it was judged */
    const postern_outcome_symbol *symbols; /* all that counted then; at most 100 */
    uint32_t symbol_count;
    uint32_t symbol_size; /* the stride of `symbols` */
} postern_outcome;

#ifdef __cplusplus
}
#endif
#endif
