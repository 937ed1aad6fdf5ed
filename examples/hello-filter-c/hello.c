/* Looks for a word in the Subject and says hello: the smallest filter in C. It uses no service of the host, so load has little to do. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "postern/entry.h"

/* One per settings; never changed after create_instance, so all loops may use it at once. */
struct postern_instance {
    char greeting[65];
    size_t length;
    int adds_header;
};

static postern_bytes bytes(const char *text) {
    postern_bytes b = {(const uint8_t *)text, strlen(text)};
    return b;
}

/* Where the value of `"key":` begins, or null. The host hands over one JSON object, checked against the manifest's schema, with sorted keys
 * and no spaces; ours has flat, plain values, so a search will do. A filter with more than that brings a JSON parser. */
static const char *value(const postern_bytes *json, const char *key) {
    size_t length = strlen(key);
    for (uint64_t i = 0; i + length + 3 < json->length; i++) {
        const char *at = (const char *)json->data + i;
        if (at[0] == '"' && memcmp(at + 1, key, length) == 0 && at[length + 1] == '"' && at[length + 2] == ':') return at + length + 3;
    }
    return NULL;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **out) {
    (void)module;
    postern_instance *self = calloc(1, sizeof *self);
    if (!self) return POSTERN_FAILED;
    const char *end = (const char *)settings.data + settings.length;
    const char *at = value(&settings, "greeting");
    if (!at) {
        memcpy(self->greeting, "hello", 5);
        self->length = 5;
    } else {
        int is_good = at < end && *at++ == '"';
        for (; is_good && at < end && *at != '"'; at++) {
            is_good = *at > ' ' && *at < 0x7f && *at != '\\' && self->length < sizeof self->greeting - 1;
            if (is_good) self->greeting[self->length++] = *at;
        }
        if (!is_good || self->length == 0) {
            problems->add(problems, bytes("/greeting"), bytes("must be one word of printable ASCII"));
            free(self);
            return POSTERN_FAILED;
        }
    }
    at = value(&settings, "add_header");
    self->adds_header = at && at < end && *at == 't';
    *out = self;
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

/* True when `text` has the greeting in it, whatever the case. */
static int greets(const postern_instance *self, const uint8_t *text, size_t length) {
    for (size_t i = 0; i + self->length <= length; i++) {
        size_t n = 0;
        while (n < self->length && tolower(text[i + n]) == tolower((unsigned char)self->greeting[n])) n++;
        if (n == self->length) return 1;
    }
    return 0;
}

/* The first Subject field, folded lines included: offset and length within `message`. 0 when there is none. */
static int find_subject(postern_bytes message, uint64_t *offset, uint64_t *length) {
    static const char name[] = "subject:";
    uint64_t at = 0;
    while (at < message.length) {
        uint64_t end = at;
        do {
            const uint8_t *line_end = memchr(message.data + end, '\n', message.length - end);
            end = line_end ? (uint64_t)(line_end - message.data) + 1 : message.length;
        } while (end < message.length && (message.data[end] == ' ' || message.data[end] == '\t'));
        if (end - at <= 2) return 0; /* the blank line: the body begins */
        uint64_t n = 0;
        while (n < sizeof name - 1 && at + n < end && tolower(message.data[at + n]) == name[n]) n++;
        if (n == sizeof name - 1) {
            *offset = at + n;
            *length = end - at - n;
            return 1;
        }
        at = end;
    }
    return 0;
}

/* Never suspends, so START is all that comes, and the frame is not used. */
static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)frame;
    if (call->phase != POSTERN_PHASE_DATA || !call->message) return POSTERN_DONE;
    postern_ref ref = call->message->raw;
    postern_bytes message;
    if (call->host->view(call, ref, &message) != POSTERN_OK) {
        out->fail(out, bytes("the message cannot be read"));
        return POSTERN_DONE;
    }
    uint64_t offset, length;
    if (!find_subject(message, &offset, &length) || !greets(self, message.data + offset, (size_t)length)) return POSTERN_DONE;
    postern_ref evidence = ref;
    evidence.offset += offset;
    evidence.length = length;
    char detail[96] = "Subject has \"";
    strcat(strcat(detail, self->greeting), "\"");
    out->add_symbol(out, bytes("HELLO"), 1, bytes(detail), &evidence, NULL);
    if (self->adds_header) out->add_header(out, bytes("X-Hello"), bytes(self->greeting), NULL);
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
    .id = "hello-c",
    .version = "1.0.0",
    .plugin = &plugin,
};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
