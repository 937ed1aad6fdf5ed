/* A filter for end-to-end tests: a message's own words say what it finds and proposes, and a file says when it is out of order.
 *
 *   Probe-Score: 7           in a message: the symbol PROBE with the factor 7
 *   Probe-Do: reject         also defer, quarantine, discard: the proposal
 *   Probe-Do: trap           ends the process that the probe runs in
 *   settings {"broken": F}   while the file F exists, every run fails
 *   settings {"stuck": F}    while the file F exists, no run completes
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postern/entry.h"
#include "postern/ext/timer.h"
#include "../words.h"

struct postern_instance {
    char broken[256], stuck[256];
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
    after(settings, "\"broken\":\"", (*out)->broken, sizeof (*out)->broken);
    after(settings, "\"stuck\":\"", (*out)->stuck, sizeof (*out)->stuck);
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)frame;
    if (call->reason == POSTERN_CANCEL || call->phase != POSTERN_PHASE_DATA) return POSTERN_DONE;
    if (self->broken[0] && access(self->broken, F_OK) == 0) {
        out->fail(out, bytes("the probe is out of order"));
        return POSTERN_DONE;
    }
    if (self->stuck[0] && access(self->stuck, F_OK) == 0) {
        uint64_t operation;
        return timer->start(call, 3600000000u, &operation) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
    }
    postern_bytes message;
    if (call->host->view(call, call->message->raw, &message) != POSTERN_OK) return POSTERN_DONE;
    char word[32];
    after(message, "Probe-Score: ", word, sizeof word);
    if (word[0]) out->add_symbol(out, bytes("PROBE"), atof(word), bytes("asked for by the message"), NULL, NULL);
    after(message, "Probe-Do: ", word, sizeof word);
    if (!strcmp(word, "trap")) __builtin_trap();
    if (!strcmp(word, "reject")) out->propose(out, POSTERN_REJECT, 550, 7, 1, bytes("The probe says no"), NULL);
    if (!strcmp(word, "defer")) out->propose(out, POSTERN_DEFER, 451, 7, 1, bytes("The probe says later"), NULL);
    if (!strcmp(word, "quarantine")) out->propose(out, POSTERN_QUARANTINE, 0, 0, 0, bytes("the probe says keep"), NULL);
    if (!strcmp(word, "discard")) out->propose(out, POSTERN_DISCARD, 0, 0, 0, bytes("the probe says drop"), NULL);
    return POSTERN_DONE;
}

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_ABI_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "probe", .version = "1.0.0",
    .plugin = &plugin, .load = load};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
