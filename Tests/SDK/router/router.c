/* A filter for end-to-end tests: says what its settings tell it of every way, and of the servers at their ends.
 *
 *   settings {"says": "tls"}       TLS, for a second
 *   settings {"says": "verified"}  a certificate of this machine's trust, for a second
 *   settings {"says": "hosts"}     servers of "*.elsewhere.example" only
 *   settings {"says": "refuse"}    a proposal to reject
 *   settings {"says": "hang"}      nothing, ever
 *   settings {"while": F}          TLS 1.3 while the file F exists, for a second
 *   settings {"wants": N}          defers servers whose first certificate has not the name N; "hang": never answers about one
 *   settings {"never": N}          rejects them
 *   settings {"crash": F}          ends its process at each server while the file F exists
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postern/entry.h"
#include "postern/ext/timer.h"
#include "../words.h"

struct postern_instance {
    char says[256];
    char while_[256];
    char wants[256];
    char never[256];
    char crash[256];
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
    after(settings, "\"says\":\"", (*out)->says, sizeof (*out)->says);
    after(settings, "\"while\":\"", (*out)->while_, sizeof (*out)->while_);
    after(settings, "\"wants\":\"", (*out)->wants, sizeof (*out)->wants);
    after(settings, "\"never\":\"", (*out)->never, sizeof (*out)->never);
    after(settings, "\"crash\":\"", (*out)->crash, sizeof (*out)->crash);
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static int exists(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) close(file);
    return file >= 0;
}

static postern_step on_peer(postern_instance *self, const postern_call *call, postern_verdict_builder *out) {
    const char *wanted = self->wants[0] ? self->wants : self->never;
    if (self->crash[0] && exists(self->crash)) abort();
    if (!wanted[0]) return POSTERN_DONE;
    if (!strcmp(wanted, "hang")) {
        uint64_t operation;
        return timer->start(call, 3600000000u, &operation) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
    }
    for (uint32_t i = 0; i < call->peer->name_count; i++)
        if (call->peer->names[i].length == strlen(wanted) && !memcmp(call->peer->names[i].data, wanted, strlen(wanted))) return POSTERN_DONE;
    int never = wanted == self->never;
    out->propose(out, never ? POSTERN_REJECT : POSTERN_DEFER, never ? 550 : 451, 7, 5, bytes("its certificate has another name"), NULL);
    return POSTERN_DONE;
}

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)frame;
    if (call->reason == POSTERN_CANCEL || !call->route) return POSTERN_DONE;
    if (call->phase == POSTERN_PHASE_PEER && call->peer) return on_peer(self, call, out);
    if (call->phase != POSTERN_PHASE_ROUTE) return POSTERN_DONE;
    postern_requirement demand = {.size = sizeof demand, .ttl = 1, .reason = bytes("the router says so")};
    postern_bytes host = bytes("*.elsewhere.example");
    if (!strcmp(self->says, "hang")) {
        uint64_t operation;
        return timer->start(call, 3600000000u, &operation) == POSTERN_OK ? POSTERN_SUSPEND : POSTERN_DONE;
    }
    if (!strcmp(self->says, "refuse")) {
        out->propose(out, POSTERN_REJECT, 550, 7, 5, bytes("No way is good enough"), NULL);
        return POSTERN_DONE;
    }
    if (!strcmp(self->says, "tls")) demand.minimum_tls = POSTERN_TLS_1_2;
    else if (!strcmp(self->says, "verified")) demand.flags = POSTERN_REQUIRE_VERIFIED;
    else if (!strcmp(self->says, "hosts")) {
        demand.hosts = &host;
        demand.host_count = 1;
        demand.host_size = sizeof host;
    } else if (self->while_[0]) {
        if (exists(self->while_)) demand.minimum_tls = POSTERN_TLS_1_3;
    }
    out->require(out, &demand);
    return POSTERN_DONE;
}

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_ABI_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "router", .version = "1.0.0",
    .plugin = &plugin, .load = load};

const postern_entry *postern_plugin_entry(uint32_t host_abi_major) { return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; }
