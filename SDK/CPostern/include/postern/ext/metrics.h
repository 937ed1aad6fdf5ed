/* postern.metrics/1: numbers for the operator's dashboards. They stand on the gateway's metrics page as postern_plugin_<plugin's ID>_<name>,
 * with `-` of the ID as `_`. Labels take their values from closed sets, so that no mail can make new series. */
#ifndef POSTERN_EXT_METRICS_H
#define POSTERN_EXT_METRICS_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_METRICS "postern.metrics/1"

/* postern_metric_definition.kind */
#define POSTERN_METRIC_COUNTER 0u  /* only grows; end its name in "_total" */
#define POSTERN_METRIC_GAUGE 1u    /* goes up and down */
#define POSTERN_METRIC_SIZES 2u    /* a histogram: how many values were up to 1, 4, 16, 64 ... 268435456 */
#define POSTERN_METRIC_SECONDS 3u  /* a histogram of durations from 100 microseconds to 5 minutes; end its name in "_seconds" */

/* Lifetime: call. */
typedef struct postern_metric_label {
    postern_bytes name; /* a-z 0-9 _, not a digit first, at most 32 bytes */
    const postern_bytes *values; /* all that it can have: 1 to 64, UTF-8, at most 64 bytes each, no two alike */
    uint32_t value_count;
    uint32_t value_size; /* the stride of `values` */
} postern_metric_label;

/* Lifetime: call. */
typedef struct postern_metric_definition {
    uint32_t size;
    uint32_t kind;
    postern_bytes name; /* a-z 0-9 _, not a digit first, at most 64 bytes */
    const postern_metric_label *labels; /* at most 4 */
    uint32_t label_count;
    uint32_t label_size; /* the stride of `labels` */
} postern_metric_definition;

/* Lifetime: module. */
typedef struct postern_metrics {
    uint32_t size;
    uint32_t reserved;
    void *context; /* the host's */

    /* [config] In `load` only: else UNSUPPORTED. Fills `*metric`. LIMIT: more than 64 metrics, or more than 1024 series (a series for each
     * combination of label values) in all. INVALID: a bad definition, or one that there is. */
    postern_status (*define)(const struct postern_metrics *self, const postern_metric_definition *definition, uint32_t *metric);

    /* [any-thread] `values`: for each label in turn the index of its value; `count` of them, as many as labels. Adds to a counter or gauge,
     * and records in a histogram. INVALID: no such metric, label or value; not finite; a counter and less than 0. */
    postern_status (*record)(const struct postern_metrics *self, uint32_t metric, const uint32_t *values, uint32_t count, double amount);

    /* [any-thread] The same, but sets a gauge; INVALID for other kinds. */
    postern_status (*set)(const struct postern_metrics *self, uint32_t metric, const uint32_t *values, uint32_t count, double amount);
} postern_metrics;

#ifdef __cplusplus
}
#endif
#endif
