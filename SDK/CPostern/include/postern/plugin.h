/* What a plugin offers to the host: instances, and the step function. */
#ifndef POSTERN_PLUGIN_H
#define POSTERN_PLUGIN_H

#include "host.h"
#include "message.h"
#include "outcome.h"
#include "peer.h"
#include "route.h"
#include "types.h"
#include "verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why on_phase is called. */
#define POSTERN_START 0u  /* a new run: *frame is null, and yours from now on */
#define POSTERN_RESUME 1u /* operations have ended: see `completions` */
#define POSTERN_CANCEL 2u /* exactly once, nothing after it: free the frame. What you return is not looked at */

/* What on_phase returns. */
typedef uint32_t postern_step;
#define POSTERN_DONE 0u    /* the verdict is complete, the frame is freed */
#define POSTERN_SUSPEND 1u /* wait for the operations under way; with none under way it is a fault, and CANCEL follows */
/* Wait for the operations under way, but let the session go on until just before `phase` (later than the call's own). Once a run is
 * detached, SUSPEND and DETACH mean the same. */
#define POSTERN_DETACH 2u
#define POSTERN_DETACH_BEFORE(phase) (POSTERN_DETACH | ((uint32_t)(phase) << 8))

/* The end of one operation. */
typedef struct postern_completion {
    uint32_t size;
    postern_status status; /* OK: `result` counts. LIMIT: the run's results have more than 16 MiB. FAILED: a log line says why */
    uint64_t operation;    /* the ID that the service gave */
    const void *result;    /* what the service's header says; lifetime: run */
} postern_completion;

#define POSTERN_NO_RECIPIENT UINT32_MAX

/* One phase of one message or session. Lifetime: run, and so of all it points to (`completions`: for the call; their results: for the run). */
struct postern_call {
    uint32_t size;
    uint32_t phase;  /* POSTERN_PHASE_* */
    uint32_t reason; /* POSTERN_START, RESUME, CANCEL */
    uint32_t recipient; /* rcpt, outcome: the index in question, else POSTERN_NO_RECIPIENT */
    const postern_host *host;
    void *run; /* the host's */
    const postern_session *session;
    const postern_transaction *transaction; /* null before mail */
    const postern_message *message;         /* null before data */
    postern_bytes domain;                   /* the configured domain on whose behalf this runs; empty at the edge */
    postern_bytes slot;                     /* the name that the configuration gave to this filter */
    postern_mask recipients;                /* whom this run is about; words null: all */
    const postern_completion *completions;  /* RESUME only */
    uint32_t completion_count;
    uint32_t completion_size; /* the stride of `completions` */
    const postern_outcome *outcome; /* outcome only */
    const postern_route *route; /* route and peer */
    const postern_peer *peer; /* peer only */
};

/* Takes what is wrong with settings. Lifetime: call. */
typedef struct postern_problems {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */
    /* [config] `pointer` is a JSON pointer (RFC 6901) into the settings, `text` says what is wrong and how to mend it; both UTF-8. */
    void (*add)(struct postern_problems *self, postern_bytes pointer, postern_bytes text);
} postern_problems;

/* The plugin's functions. A null one means: not interested. Lifetime: module. */
typedef struct postern_plugin {
    uint32_t size;
    uint32_t reserved;

    /* [config] [may-block] `settings` is a JSON object, checked against the manifest's schema, its defaults filled in; lifetime: call.
     * Instances are immutable: changed settings make a new one. Required. */
    postern_status (*create_instance)(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **instance);

    /* [config] No run of it is left. */
    void (*destroy_instance)(postern_instance *instance);

    /* [loop], or [pool] for the class `blocking`. Required. `frame` is the run's own place for a pointer of yours. */
    postern_step (*on_phase)(postern_instance *instance, const postern_call *call, void **frame, postern_verdict_builder *out);

    /* [config] [may-block] Says what a schema cannot. OK without problems: the settings are good. */
    postern_status (*check_config)(postern_module *module, postern_bytes settings, postern_problems *problems);
} postern_plugin;

#ifdef __cplusplus
}
#endif
#endif
