/* Does nothing: what a call costs is all that is left. ID is the plugin's.
 *
 * `touch`: reads a byte of each page of the message. `hold`: waits so many milliseconds before it is done, so that others can look at its process. */
#include <stdlib.h>
#include <string.h>

#include "postern/entry.h"
#include "postern/ext/timer.h"

static const postern_timer *timer;

struct postern_instance {
    int touches;
    uint64_t hold_milliseconds;
};

/* What follows `"key":` in one flat JSON object, or null. */
static const char *value(postern_bytes json, const char *key) {
    size_t length = strlen(key);
    for (uint64_t i = 0; i + length + 3 < json.length; i++) {
        const char *at = (const char *)json.data + i;
        if (at[0] == '"' && memcmp(at + 1, key, length) == 0 && at[length + 1] == '"' && at[length + 2] == ':') return at + length + 3;
    }
    return NULL;
}

static postern_status load(const postern_entry *entry, const postern_host *host, postern_problems *problems, postern_module **module) {
    (void)entry, (void)problems, (void)module;
    timer = host->extension(host, POSTERN_EXT_TIMER);
    return POSTERN_OK;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems, postern_instance **out) {
    (void)module, (void)problems;
    postern_instance *self = calloc(1, sizeof *self);
    if (!self) return POSTERN_FAILED;
    const char *touch = value(settings, "touch"), *hold = value(settings, "hold");
    self->touches = touch && *touch == 't';
    const char *end = (const char *)settings.data + settings.length;
    for (; hold && hold < end && *hold >= '0' && *hold <= '9'; hold++) self->hold_milliseconds = self->hold_milliseconds * 10 + (uint64_t)(*hold - '0');
    *out = self;
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)frame, (void)out;
    if (call->reason != POSTERN_START) return POSTERN_DONE;
    if (self->touches && call->message) {
        postern_bytes message;
        if (call->host->view(call, call->message->raw, &message) != POSTERN_OK) return POSTERN_DONE;
        for (uint64_t i = 0; i < message.length; i += 4096) (void)*(const volatile uint8_t *)(message.data + i);
    }
    uint64_t operation;
    if (self->hold_milliseconds && timer && timer->start(call, self->hold_milliseconds * 1000, &operation) == POSTERN_OK) return POSTERN_SUSPEND;
    return POSTERN_DONE;
}

static const postern_plugin plugin = {
    .size = sizeof plugin,
    .create_instance = create_instance,
    .destroy_instance = destroy_instance,
    .on_phase = on_phase,
};

static const postern_entry entry = {
    .size = sizeof entry,
    .abi_major = POSTERN_ABI_MAJOR,
    .abi_minor = POSTERN_ABI_MINOR,
    .id = ID,
    .version = "1",
    .plugin = &plugin,
    .load = load,
};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
