/* A filter for end-to-end tests that finds nothing and writes down what it is told of outcomes, a line for each, to the file of its settings:
 *
 *   SLOT KIND PHASE STATUS ATTEMPTS SCORE SYMBOLS DOMAIN REVERSE-PATH RECIPIENT QUEUE-ID      "-" for what is not there
 *
 *   settings {"file": F}                 where
 *   settings {"file": F, "hangs": true}  never comes to an end instead
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postern/entry.h"
#include "postern/ext/timer.h"

struct postern_instance {
    char file[256];
    int hangs;
};

static const postern_timer *timer;

static postern_status load(const postern_entry *self, const postern_host *host, postern_problems *problems, postern_module **module) {
    (void)self, (void)problems;
    timer = host->extension(host, POSTERN_EXT_TIMER);
    *module = NULL;
    return timer ? POSTERN_OK : POSTERN_FAILED;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **out) {
    (void)module, (void)problems;
    if (!(*out = calloc(1, sizeof **out))) return POSTERN_FAILED;
    const char *name = "\"file\":\"";
    const char *found = memmem(settings.data, settings.length, name, strlen(name));
    if (found) sscanf(found + strlen(name), "%255[^\"]", (*out)->file);
    (*out)->hangs = memmem(settings.data, settings.length, "\"hangs\":true", 12) != NULL;
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static void word(FILE *file, postern_bytes text) {
    if (!text.length) fputs(" -", file);
    else fprintf(file, " %.*s", (int)text.length, (const char *)text.data);
}

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    static const char *const kinds[] = {"?",       "delivered", "bounced",  "expired", "quarantined",
                                        "rejected", "discarded", "released", "deleted"};
    static const char *const phases[] = {"connect", "helo", "auth", "mail", "rcpt", "data", "route", "peer", "outcome"};
    (void)frame, (void)out;
    if (call->reason == POSTERN_CANCEL || call->phase != POSTERN_PHASE_OUTCOME) return POSTERN_DONE;
    if (self->hangs) {
        uint64_t operation;
        return timer->start(call, 3600000000u, &operation) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
    }
    const postern_outcome *outcome = call->outcome;
    FILE *file = fopen(self->file, "a");
    if (!file) return POSTERN_DONE;
    fprintf(file, "%.*s %s %s", (int)call->slot.length, (const char *)call->slot.data, kinds[outcome->kind <= 8 ? outcome->kind : 0],
            phases[outcome->phase]);
    word(file, outcome->status);
    fprintf(file, " %u %g ", outcome->attempts, outcome->score);
    if (!outcome->symbol_count) fputs("-", file);
    for (uint32_t i = 0; i < outcome->symbol_count; i++) {
        const postern_outcome_symbol *symbol =
            (const postern_outcome_symbol *)((const char *)outcome->symbols + (size_t)i * outcome->symbol_size);
        fprintf(file, "%s%.*s=%g", i ? "," : "", (int)symbol->name.length, (const char *)symbol->name.data, symbol->score);
    }
    word(file, call->domain);
    postern_recipient recipient = {.size = sizeof recipient};
    const postern_transaction *transaction = call->transaction;
    word(file, transaction ? transaction->reverse_path : (postern_bytes){0});
    if (transaction && call->recipient != POSTERN_NO_RECIPIENT) transaction->recipient(transaction, call->recipient, &recipient);
    word(file, recipient.address);
    word(file, transaction ? transaction->queue_id : (postern_bytes){0});
    fputs("\n", file);
    fclose(file);
    return POSTERN_DONE;
}

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_ABI_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "observer", .version = "1.0.0",
    .plugin = &plugin, .load = load};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
