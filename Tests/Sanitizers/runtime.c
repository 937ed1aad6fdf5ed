/* Linked into everything that `make sanitize` builds: what the sanitizers must be told of Swift's runtime and of workers. REPORTS: the folder
 * that every process writes its reports to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The executable exports them to what it loads, and to the sanitizer. */
#define OPEN __attribute__((visibility("default")))

/* Reports. A worker can open nothing once it is in its sandbox, and its words are cut off in the gateway's log: it maps its file first. */

enum { room = 1 << 20 };
static char *mapped;
static size_t used;

static int report_file(int more) {
    char path[4096];
    snprintf(path, sizeof path, REPORTS "/%s.%d", program_invocation_short_name, (int)getpid());
    return (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_CLOEXEC | more, 0600);
}

__attribute__((constructor)) static void prepare(void) {
    if (mapped || strcmp(program_invocation_short_name, "postern-worker") != 0) return;
    int file = report_file(O_RDWR);
    if (file < 0) return;
    if (ftruncate(file, room) == 0) mapped = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) mapped = NULL;
    close(file);
}

/* Called by the sanitizer with each piece of a report. */
OPEN void __sanitizer_on_print(const char *text) {
    size_t count = strlen(text);
    if (mapped) {
        if (used + count > room) count = room - used;
        memcpy(mapped + used, text, count);
        used += count;
        return;
    }
    int file = report_file(O_WRONLY | O_APPEND);
    if (file < 0) return;
    syscall(SYS_write, file, text, count);
    syscall(SYS_close, file);
}

/* The shadow of memory counts as memory: the one limit of a worker that cannot hold. */
OPEN int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    if (resource == RLIMIT_DATA || resource == RLIMIT_AS) return 0;
    return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

/* Filters that crash on purpose end by the signal that the tests expect, and the gateway's own handlers are tested: a crash is no report. */
#define CRASHES "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"

#ifdef THREAD

/* ThreadSanitizer sees the fast path of a Swift `Mutex` (atomics compiled into the caller) but not the slow one, in Swift's library: under
 * contention it would call everything that a Mutex guards a race. So the slow path tells. */

void __tsan_acquire(void *);
void __tsan_release(void *);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT OPEN void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
    static SWIFT void (*theirs)(uint32_t, SELF void *);
    if (!theirs) theirs = (SWIFT void (*)(uint32_t, SELF void *))dlsym(RTLD_NEXT, LOCK_SLOW);
    theirs(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT OPEN void unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);
SWIFT void unlock_slow(SELF void *mutex) {
    static SWIFT void (*theirs)(SELF void *);
    if (!theirs) theirs = (SWIFT void (*)(SELF void *))dlsym(RTLD_NEXT, UNLOCK_SLOW);
    __tsan_release(mutex);
    theirs(mutex);
}

OPEN const char *__tsan_default_options(void) { return "history_size=4:second_deadlock_stack=1:" CRASHES; }
/* Nor does it see that whoever finds a global made already comes after its making. */

struct making {
    void (*make)(void *);
    void *context, *once;
};

static void made(void *context) {
    struct making *making = context;
    making->make(making->context);
    __tsan_release(making->once);
}

OPEN void swift_once(void *once, void (*make)(void *), void *context) {
    static void (*theirs)(void *, void (*)(void *), void *);
    if (!theirs) theirs = (void (*)(void *, void (*)(void *), void *))dlsym(RTLD_NEXT, "swift_once");
    struct making making = {make, context, once};
    theirs(once, made, &making);
    __tsan_acquire(once);
}

/* thread.supp as it is, since workers have an empty environment. */
__asm__(".pushsection .rodata\nsuppressions: .incbin \"" SUPPRESSIONS "\"\n.byte 0\n.popsection");
extern const char suppressions[] __attribute__((visibility("hidden")));
OPEN const char *__tsan_default_suppressions(void) { return suppressions; }

#else

OPEN const char *__asan_default_options(void) { return "detect_stack_use_after_return=1:detect_leaks=0:" CRASHES; }

#endif
