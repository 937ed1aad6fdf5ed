/* Holds what a link shows against where it leads: "https://bank.example" that goes to another host. Shows how a filter in C reads what a message
 * consists of; that its manifest `needs` urls is why they are there. */
#include <stdio.h>
#include <string.h>

#include "postern/content.h"
#include "postern/entry.h"

/* No settings, so nothing to keep; but an instance must be somewhere. */
struct postern_instance {
    char nothing;
};
static postern_instance instance;

static postern_bytes bytes(const char *text) {
    postern_bytes b = {(const uint8_t *)text, strlen(text)};
    return b;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

static int is_of_host(uint8_t c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

/* The host that a link's text names: behind `://`, or all of a text that begins with `www.`. Length 0: it names none. */
static postern_bytes shown_host(postern_bytes text) {
    postern_bytes host = {text.data, 0};
    uint64_t at = 0;
    if (text.length < 4 || memcmp(text.data, "www.", 4) != 0) {
        while (at + 3 <= text.length && memcmp(text.data + at, "://", 3) != 0) at++;
        if (at + 3 > text.length) return host;
        at += 3;
    }
    host.data += at;
    while (at + host.length < text.length && is_of_host(host.data[host.length])) host.length++;
    /* Other letters, a user or a port: not as simple as it has to be to say that it differs. */
    if (at + host.length < text.length && !strchr("/?# ", host.data[host.length])) host.length = 0;
    return host;
}

/* Whether `host` is `domain`, or below it. */
static int is_below(postern_bytes host, postern_bytes domain) {
    if (domain.length > host.length) return 0;
    uint64_t start = host.length - domain.length;
    for (uint64_t i = 0; i < domain.length; i++) {
        if (lower(host.data[start + i]) != lower(domain.data[i])) return 0;
    }
    return start == 0 || host.data[start - 1] == '.';
}

static postern_bytes without_www(postern_bytes host) {
    if (host.length > 4 && memcmp(host.data, "www.", 4) == 0) {
        host.data += 4;
        host.length -= 4;
    }
    return host;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **out) {
    (void)module, (void)settings, (void)problems;
    *out = &instance;
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { (void)self; }

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)self, (void)frame;
    if (call->phase != POSTERN_PHASE_DATA || !call->message || !call->message->content) return POSTERN_DONE;
    const postern_content *content = call->message->content;
    for (uint32_t i = 0; i < content->url_count; i++) {
        postern_url url = {.size = sizeof url};
        if (content->url(content, i, &url) != POSTERN_OK || url.source != POSTERN_URL_LINK) continue;
        postern_bytes shown = without_www(shown_host(url.anchor)), host = without_www(url.host);
        if (shown.length == 0 || host.length == 0 || is_below(host, shown) || is_below(shown, host)) continue;
        char detail[160];
        snprintf(detail, sizeof detail, "shows %.*s, leads to %.*s", shown.length > 60 ? 60 : (int)shown.length, (const char *)shown.data,
                 host.length > 60 ? 60 : (int)host.length, (const char *)host.data);
        out->add_symbol(out, bytes("LINK_SHOWS_OTHER_HOST"), 1, bytes(detail), &url.span, NULL);
        break;
    }
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
    .id = "links-c",
    .version = "1.0.0",
    .plugin = &plugin,
};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
