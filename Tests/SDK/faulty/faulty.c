/* A filter for end-to-end tests: a message says which fault it commits. All others it marks with the build that judged them:
 *
 *   Fault: segfault          also abort, exit, close (what it has), hang, garbage (in the rings), print (without end)
 *   Fault: block             for a second and a half, and goes on
 *   Fault: fork              also truncate (what it shares with the gateway), symbols (without end), that it has not declared
 *   Fault: log               a thousand lines in the run, and a thousand outside of it
 *   Stopped: yes             above the message: what such an attempt came to
 *   Judged: 7                above the message: POSTERN_BUILD as it was compiled with
 *   settings {"label": "segfault"}  also hang: when an instance is made
 *
 * Compiled with -DPOSTERN_FAULT_IN_CONSTRUCTOR, -DPOSTERN_FAULT_IN_LOAD, -DPOSTERN_UNDEFINED, -DPOSTERN_MAJOR=7 it cannot be loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "postern/entry.h"
#include "postern/ext/log.h"
#include "../words.h"

#ifndef POSTERN_MAJOR
#define POSTERN_MAJOR POSTERN_ABI_MAJOR
#endif
#ifndef POSTERN_BUILD
#define POSTERN_BUILD "0"
#endif

struct postern_instance {
    char unused;
};

static const postern_log *journal;

/* The memory that worker and gateway share, by the descriptors that a worker has. */
static void scribble(void) {
    size_t size = (size_t)lseek(5, 0, SEEK_END);
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, 5, 0);
    if (memory == MAP_FAILED) return;
    for (size_t i = 0; i < size; i++) memory[i] = (unsigned char)(i * 7 + 13);
    uint64_t one = 1;
    if (write(6, &one, sizeof one) < 0) return;
    for (;;) sleep(1);
}

#ifdef POSTERN_LOAD_SECONDS
/* As a large database would. */
__attribute__((constructor)) static void load_slowly(void) { sleep(POSTERN_LOAD_SECONDS); }
#endif

#ifdef POSTERN_FAULT_IN_CONSTRUCTOR
__attribute__((constructor)) static void crash_early(void) { *(volatile int *)8 = 1; }
#endif

static void commit(const char *fault) {
    if (!strcmp(fault, "segfault")) *(volatile int *)8 = 1;
    if (!strcmp(fault, "abort")) abort();
    if (!strcmp(fault, "exit")) exit(0);
    if (!strcmp(fault, "garbage")) scribble();
    if (!strcmp(fault, "close")) {
        for (int i = 0; i < 64; i++) close(i);
        for (;;) sleep(1);
    }
    if (!strcmp(fault, "block")) usleep(1500000);
    if (!strcmp(fault, "hang")) puts("hangs"), fflush(stdout);
    while (!strcmp(fault, "hang")) sleep(1);
    while (!strcmp(fault, "print")) puts("the same line again and again"), fflush(stdout);
}

static void flood(const postern_call *call) {
    char line[64];
    for (int i = 0; journal && i < 2000; i++) {
        snprintf(line, sizeof line, "flood %d", i);
        journal->write(journal, i < 1000 ? call : NULL, POSTERN_LOG_WARNING, bytes(line));
    }
}

/* What the worker's cage or the host stops, and nothing ends by. NULL: no such attempt. */
static const char *attempt(const char *fault, postern_verdict_builder *out) {
    if (!strcmp(fault, "fork")) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        return child < 0 ? "yes" : "no";
    }
    if (!strcmp(fault, "truncate")) return ftruncate(5, 0) < 0 ? "yes" : "no";
    if (strcmp(fault, "symbols")) return NULL;
    const char *stopped = "yes";
    for (int i = 0; i < 100000; i++)
        if (out->add_symbol(out, bytes("UNDECLARED"), 1, bytes("again"), NULL, NULL) == POSTERN_OK) stopped = "no";
    return stopped;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems,
                                      postern_instance **out) {
    (void)module, (void)problems;
    char fault[32];
    after(settings, "\"label\":\"", fault, sizeof fault);
    if (!strncmp(fault, "segfault", 8)) commit("segfault");
    if (!strncmp(fault, "hang", 4)) commit("hang");
    return (*out = calloc(1, sizeof **out)) ? POSTERN_OK : POSTERN_FAILED;
}

static void destroy_instance(postern_instance *self) { free(self); }

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)self, (void)frame;
    postern_bytes message;
    if (call->reason != POSTERN_START || call->host->view(call, call->message->raw, &message) != POSTERN_OK) return POSTERN_DONE;
    char fault[32];
    after(message, "Fault: ", fault, sizeof fault);
    commit(fault);
    if (!strcmp(fault, "log")) flood(call);
    const char *stopped = attempt(fault, out);
    if (stopped) out->add_header(out, bytes("Stopped"), bytes(stopped), NULL);
    out->add_header(out, bytes("Judged"), bytes(POSTERN_BUILD), NULL);
    return POSTERN_DONE;
}

static postern_status load(const postern_entry *self, const postern_host *host, postern_problems *problems, postern_module **module) {
    (void)self, (void)problems;
    journal = host->extension(host, POSTERN_EXT_LOG);
    *module = NULL;
#ifdef POSTERN_FAULT_IN_LOAD
    commit("segfault");
#endif
#ifdef POSTERN_UNDEFINED
    extern int nobody_has_this(void);
    return (postern_status)nobody_has_this();
#endif
    return POSTERN_OK;
}

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "faulty", .version = "1.0.0",
    .plugin = &plugin, .load = load};

POSTERN_EXPORT const postern_entry *postern_plugin_entry(uint32_t host_abi_major) {
    return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL; /* whatever it says of itself */
}
