/* A filter for end-to-end tests that uses each service, and writes into the message what came of it:
 *
 *   Services: count=3 http=200 body=hello earlier=probe/PROBE=7 cached=1 token=thread
 *
 * count: messages of this sender for this domain within an hour. http: from the server that the setting `server` names. cached: whether the
 * cache had the sender already. token: from a thread of its own.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postern/entry.h"
#include "postern/ext/cache.h"
#include "postern/ext/http.h"
#include "postern/ext/metrics.h"
#include "postern/ext/random.h"
#include "postern/ext/state.h"
#include "postern/ext/token.h"
#include "postern/ext/verdicts.h"
#include "../words.h"

struct postern_instance {
    char server[256];
};

struct frame {
    uint64_t operations[3];
    int missing;
    unsigned count, code;
    char body[64], token[32], cached;
    postern_token name;
};

static const postern_state *state;
static const postern_http *http;
static const postern_verdicts *verdicts;
static const postern_tokens *tokens;
static const postern_cache *cache;
static const postern_metrics *metrics;
static const postern_random *rnd;
static uint32_t messages;

static void copy(char *out, size_t size, postern_bytes from) {
    size_t n = from.length < size ? from.length : size - 1;
    memcpy(out, from.data, n);
    out[n] = 0;
}

static postern_status load(const postern_entry *self, const postern_host *host, postern_problems *problems, postern_module **module) {
    (void)self, (void)problems;
    *module = NULL;
    state = host->extension(host, POSTERN_EXT_STATE);
    http = host->extension(host, POSTERN_EXT_HTTP);
    verdicts = host->extension(host, POSTERN_EXT_VERDICTS);
    tokens = host->extension(host, POSTERN_EXT_TOKEN);
    cache = host->extension(host, POSTERN_EXT_CACHE);
    metrics = host->extension(host, POSTERN_EXT_METRICS);
    rnd = host->extension(host, POSTERN_EXT_RANDOM);
    if (!state || !http || !verdicts || !tokens || !cache || !metrics || !rnd) return POSTERN_FAILED;
    postern_bytes values[] = {bytes("first"), bytes("later")};
    postern_metric_label label = {.name = bytes("seen"), .values = values, .value_count = 2, .value_size = sizeof values[0]};
    postern_metric_definition definition = {
        .size = sizeof definition, .kind = POSTERN_METRIC_COUNTER, .name = bytes("messages_total"), .labels = &label, .label_count = 1,
        .label_size = sizeof label};
    return metrics->define(metrics, &definition, &messages);
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **out) {
    (void)module, (void)problems;
    if (!(*out = calloc(1, sizeof **out))) return POSTERN_FAILED;
    char text[1024];
    copy(text, sizeof text, settings);
    const char *found = strstr(text, "\"server\":\"");
    if (found) sscanf(found + 10, "%255[^\"]", (*out)->server);
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static void *work(void *name) {
    postern_token token = (postern_token)(uintptr_t)name;
    tokens->complete(tokens, token, bytes("thread"));
    return NULL;
}

/* 32 bytes that stand for the sender: a test needs no hash. */
static void digest(postern_bytes sender, uint8_t out[32]) {
    memset(out, 0, 32);
    for (uint64_t i = 0; i < sender.length; i++) out[i % 32] = (uint8_t)(out[i % 32] * 31 + sender.data[i]);
}

static int begin(postern_instance *self, const postern_call *call, struct frame *f) {
    postern_bytes sender = call->transaction->reverse_path;
    uint8_t key[32], value;
    uint64_t length;
    digest(sender, key);
    f->cached = cache->get(cache, key, &value, 1, &length) == POSTERN_OK;
    cache->put(cache, key, bytes("x"), 0);
    postern_state_operation count = {.kind = POSTERN_STATE_COUNT, .key = sender, .duration = 3600000000, .amount = 1};
    postern_http_request request = {.size = sizeof request, .url = bytes(self->server)};
    pthread_t thread;
    if (state->submit(call, &count, 1, sizeof count, &f->operations[0]) != POSTERN_OK
        || http->request(call, &request, &f->operations[1]) != POSTERN_OK
        || tokens->begin(call, &f->name, &f->operations[2]) != POSTERN_OK
        || pthread_create(&thread, NULL, work, (void *)(uintptr_t)f->name) != 0)
        return 0;
    pthread_detach(thread);
    f->missing = 3;
    return 1;
}

static void take(const postern_call *call, struct frame *f) {
    for (uint32_t i = 0; i < call->completion_count; i++) {
        const postern_completion *c =
            (const postern_completion *)((const char *)call->completions + (size_t)i * call->completion_size);
        f->missing--;
        if (c->status != POSTERN_OK) continue;
        if (c->operation == f->operations[0]) {
            const postern_state_result *r = c->result;
            f->count = r->status == POSTERN_STATE_DONE ? (unsigned)r->sum : 0;
        } else if (c->operation == f->operations[1]) {
            const postern_http_response *r = c->result;
            f->code = r->code;
            copy(f->body, sizeof f->body, r->status == POSTERN_HTTP_ANSWERED ? r->body : r->detail);
        } else {
            copy(f->token, sizeof f->token, ((const postern_token_result *)c->result)->bytes);
        }
    }
}

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    struct frame *f = *frame;
    if (call->reason == POSTERN_CANCEL) {
        free(f);
        return POSTERN_DONE;
    }
    if (call->reason == POSTERN_START) {
        *frame = f = calloc(1, sizeof *f);
        if (f && begin(self, call, f)) return POSTERN_SUSPEND;
        free(f);
        out->fail(out, bytes("an operation was refused"));
        return POSTERN_DONE;
    }
    take(call, f);
    if (f->missing > 0) return POSTERN_SUSPEND;

    char line[400], earlier[200] = "-", filter[64], symbol[64];
    postern_finding finding = {.size = sizeof finding};
    postern_earlier_verdict verdict = {.size = sizeof verdict};
    if (verdicts->finding(call, 0, &finding) == POSTERN_OK && verdicts->verdict(call, finding.verdict, &verdict) == POSTERN_OK) {
        copy(filter, sizeof filter, verdict.filter);
        copy(symbol, sizeof symbol, finding.symbol);
        snprintf(earlier, sizeof earlier, "%s/%s=%g", filter, symbol, finding.score);
    }
    uint32_t seen = f->count > 1;
    metrics->record(metrics, messages, &seen, 1, 1);
    snprintf(line, sizeof line, "count=%u http=%u body=%s earlier=%s cached=%d token=%s", f->count, f->code, f->body, earlier, f->cached,
             f->token);
    out->add_header(out, bytes("Services"), bytes(line), NULL);
    free(f);
    return POSTERN_DONE;
}

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_ABI_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "services", .version = "1.0.0",
    .plugin = &plugin, .load = load};

POSTERN_EXPORT const postern_entry *postern_plugin_entry(uint32_t host_abi_major) {
    return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL;
}
