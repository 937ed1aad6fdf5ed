/* A filter for end-to-end tests: tries all that Tests/Core/Sandbox/Attempts holds, in the worker that the gateway started for it, and what only a
 * worker can try, and logs what came of each. A message says what:
 *
 *   Try: sockets             also processes, files, memory, kernel, gateway; or one attempt, by its name with _ for each blank
 *   Neighbour: 4711          a process of the worker's user
 *
 *   tried: NAME -> EPERM | NAME -> possible | ...
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "postern/entry.h"
#include "postern/ext/log.h"
#include "../words.h"
#include "try.h"

/* The link's descriptors in a worker, and the limits that the test sets. */
enum { LINK = 3, LIBRARY = 4, RINGS = 5 };
static const long MEMORY = 256 << 20, TEMPORARY = 1 << 20;

extern const struct attempt socket_attempts[], process_attempts[], file_attempts[], memory_attempts[], kernel_attempts[];

struct postern_instance {
    char granted[256], folder[256], open[256], secret[256], state[256], socket[256], port[16];
};

static const postern_log *journal;
/* Of the run under way; the test sends one message after the other. */
static const struct postern_instance *settings_of_run;
static postern_bytes message;

static int threads(int most, size_t stack);

/* ---- What only a worker can try: the gateway that started it, the link to it, what it is shown. */

static int of_gateway(const char *name, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
    return VERDICT(open(path, flags | O_CLOEXEC));
}
ATTEMPT(gateways_memory) { return of_gateway("mem", O_RDWR); }
ATTEMPT(gateways_descriptors) { return of_gateway("fd", O_RDONLY | O_DIRECTORY); }
ATTEMPT(gateways_environment) { return of_gateway("environ", O_RDONLY); }
ATTEMPT(kill_gateway) { return VERDICT(kill(getppid(), SIGCONT)); }
ATTEMPT(write_gateway) {
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)8, 1};
    return process_vm_writev(getppid(), &here, 1, &there, 1, 0) < 0 && errno != EFAULT ? errno : 0;
}
ATTEMPT(others_state) { return VERDICT(open(settings_of_run->state, O_RDONLY | O_CLOEXEC)); }
ATTEMPT(others_library) {
    char path[512];
    return VERDICT(open(joined(path, sizeof path, settings_of_run->folder, "data/plugins"), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}
ATTEMPT(shorten_rings) { return VERDICT(ftruncate(RINGS, 0)); }
ATTEMPT(lengthen_rings) { return VERDICT(ftruncate(RINGS, 1 << 30)); }
ATTEMPT(change_library) { return VERDICT(open("/proc/self/fd/4", O_RDWR | O_CLOEXEC)); }
/// A large message lies in memory that all filters see.
ATTEMPT(change_message) {
    uintptr_t page = (uintptr_t)message.data & ~(uintptr_t)4095;
    return message.length < 1 << 16 ? EINVAL : VERDICT(mprotect((void *)page, 4096, PROT_READ | PROT_WRITE));
}
ATTEMPT(run_memory) {
    int file = memfd_create("program", 0);
    if (file < 0) return errno;
    char *const none[] = {NULL};
    syscall(SYS_execveat, file, "", none, none, AT_EMPTY_PATH);
    return errno;
}

ATTEMPT(many_threads) { return threads(1100, 16384); }

static const struct attempt gateway_attempts[] = {
    {"write /proc/PID/mem of the gateway", gateways_memory},
    {"list /proc/PID/fd of the gateway", gateways_descriptors},
    {"read /proc/PID/environ of the gateway", gateways_environment},
    {"kill the gateway", kill_gateway},
    {"process_vm_writev of the gateway", write_gateway},
    {"read what another filter remembers", others_state},
    {"list the libraries of other filters", others_library},
    {"shorten the rings", shorten_rings},
    {"lengthen the rings", lengthen_rings},
    {"open its library for writing", change_library},
    {"make a message's memory writable", change_message},
    {"run a program from memory (memfd_create, execveat)", run_memory},
    {"1100 threads with small stacks", many_threads},
    {NULL, NULL},
};

/* ---- What the list does in a process of its own, which then ends: here it is undone. */

ATTEMPT(heap) {
    struct block {
        struct block *next;
        char rest[64 << 10];
    } *all = NULL, *one;
    int code = 0;
    for (long total = 0; total <= world->memory && !code; total += sizeof *one) {
        if (!(one = malloc(sizeof *one))) code = errno;
        else one->next = all, all = one;
    }
    while ((one = all)) all = one->next, free(one);
    return code;
}
ATTEMPT(many_stacks) { return threads(60, 8 << 20); }
ATTEMPT(many_descriptors) {
    int opened[1024], count = 0, code = 0;
    while (count <= world->open_files && !code)
        if ((opened[count] = dup(0)) < 0) code = errno;
        else count++;
    while (count > 0) close(opened[--count]);
    return code;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static void *waits(void *unused) {
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return unused;
}
static int threads(int most, size_t stack) {
    static pthread_t all[1100];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    int count = 0, code = 0;
    pthread_mutex_lock(&gate);
    while (count < most && !code)
        if (!(code = pthread_create(&all[count], &attributes, waits, NULL))) count++;
    pthread_mutex_unlock(&gate);
    while (count > 0) pthread_join(all[--count], NULL);
    return code;
}

static const struct attempt instead[] = {
    {"heap beyond its limit", heap},
    {"60 threads with 8 MiB stacks", many_stacks},
    {"descriptors beyond their limit", many_descriptors},
    {NULL, NULL},
};

/* ---- */

/* What ends the worker: only where it is named. And what is another's in a worker, which may have 1024 threads. */
static int is_fatal(const char *name) { return strstr(name, " system call") != NULL; }
static int is_elsewhere(const char *name) { return !strcmp(name, "write sealed shared memory") || !strncmp(name, "600 threads", 11); }

static void say(const postern_call *call, char *line, const char *name, int code) {
    size_t length = strlen(line);
    if (length > 900 || !name) {
        if (length) journal->write(journal, call, POSTERN_LOG_WARNING, bytes(line));
        *line = length = 0;
    }
    if (!name) return;
    snprintf(line + length, 1024 - length, "%s%s -> %s", length ? " | " : "tried: ", name, code ? attempt_error_name(code) : "possible");
}

static int is_asked(const char *name, const char *word) {
    for (; *name && *word; name++, word++)
        if (*name != *word && !(*name == ' ' && *word == '_')) return 0;
    return !*name && !*word;
}

static void try(const postern_call *call, const struct attempt_world *world, const char *word) {
    static const struct {
        const char *name;
        const struct attempt *list;
    } groups[] = {{"sockets", socket_attempts}, {"processes", process_attempts}, {"files", file_attempts},
                  {"memory", memory_attempts},  {"kernel", kernel_attempts},     {"gateway", gateway_attempts}};
    char line[1024] = "";
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++)
        for (const struct attempt *one = groups[group].list; one->name; one++) {
            if (!(strcmp(groups[group].name, word) ? is_asked(one->name, word) : !is_fatal(one->name) && !is_elsewhere(one->name))) continue;
            const struct attempt *run = one;
            for (const struct attempt *other = instead; other->name; other++)
                if (!strcmp(other->name, one->name)) run = other;
            say(call, line, one->name, run->run(world));
        }
    say(call, line, NULL, 0);
}

static postern_step on_phase(postern_instance *self, const postern_call *call, void **frame, postern_verdict_builder *out) {
    (void)frame, (void)out;
    if (call->reason != POSTERN_START || call->host->view(call, call->message->raw, &message) != POSTERN_OK) return POSTERN_DONE;
    char word[64], neighbour[16];
    after(message, "Try: ", word, sizeof word);
    after(message, "Neighbour: ", neighbour, sizeof neighbour);
    settings_of_run = self;
    const struct attempt_world world = {
        .temporary = getenv("TMPDIR"), .granted = self->granted, .folder = self->folder, .open_file = self->open, .secret_file = self->secret,
        .socket = self->socket, .library = "", .abstract = getppid(), .port = atoi(self->port), .neighbour = atoi(neighbour), .shared = RINGS,
        .sealed = RINGS, .inherited = 9, .control = LINK, .library_file = LIBRARY, .memory = MEMORY, .file_bytes = TEMPORARY, .open_files = 1000};
    if (*word) try(call, &world, word);
    return POSTERN_DONE;
}

static postern_status load(const postern_entry *self, const postern_host *host, postern_problems *problems, postern_module **module) {
    (void)self, (void)problems;
    journal = host->extension(host, POSTERN_EXT_LOG);
    *module = NULL;
    return journal ? POSTERN_OK : POSTERN_FAILED;
}

static postern_status create_instance(postern_module *module, postern_bytes settings, postern_problems *problems, postern_instance **out) {
    (void)module, (void)problems;
    if (!(*out = calloc(1, sizeof **out))) return POSTERN_FAILED;
    after(settings, "\"granted\":\"", (*out)->granted, sizeof (*out)->granted);
    after(settings, "\"folder\":\"", (*out)->folder, sizeof (*out)->folder);
    after(settings, "\"open\":\"", (*out)->open, sizeof (*out)->open);
    after(settings, "\"secret\":\"", (*out)->secret, sizeof (*out)->secret);
    after(settings, "\"state\":\"", (*out)->state, sizeof (*out)->state);
    after(settings, "\"socket\":\"", (*out)->socket, sizeof (*out)->socket);
    after(settings, "\"port\":", (*out)->port, sizeof (*out)->port);
    return POSTERN_OK;
}

static void destroy_instance(postern_instance *self) { free(self); }

static const postern_plugin plugin = {
    .size = sizeof plugin, .create_instance = create_instance, .destroy_instance = destroy_instance, .on_phase = on_phase};

static const postern_entry entry = {
    .size = sizeof entry, .abi_major = POSTERN_ABI_MAJOR, .abi_minor = POSTERN_ABI_MINOR, .id = "hostile", .version = "1.0.0",
    .plugin = &plugin, .load = load};

POSTERN_EXPORT const postern_entry *postern_plugin_entry(uint32_t host_abi_major) {
    return host_abi_major == POSTERN_ABI_MAJOR ? &entry : NULL;
}
