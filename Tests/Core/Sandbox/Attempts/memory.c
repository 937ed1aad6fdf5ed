#include "try.h"
#include <linux/memfd.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>

static int mapped(size_t bytes, int protection, int flags) {
    return mmap(NULL, bytes, protection, flags, -1, 0) == MAP_FAILED ? errno : 0;
}
static size_t beyond(const struct attempt_world *world) { return (size_t)world->memory + (64U << 20); }

ATTEMPT(heap) {
    // Many small ones, as a leak makes them.
    for (long total = 0; total <= world->memory; total += 64 << 10)
        if (!malloc(64 << 10)) return errno;
    return 0;
}
ATTEMPT(private_memory) { return mapped(beyond(world), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS); }
ATTEMPT(protected_first) {
    void *memory = mmap(NULL, beyond(world), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : VERDICT(mprotect(memory, beyond(world), PROT_READ | PROT_WRITE));
}
ATTEMPT(grown) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED || mremap(memory, 4096, beyond(world), MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0;
}
ATTEMPT(break_moved) { return sbrk((intptr_t)beyond(world)) == (void *)-1 ? errno : 0; }
ATTEMPT(shared_memory) { return mapped(beyond(world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS); }
ATTEMPT(zero_device) {
    int file = open("/dev/zero", O_RDWR | O_CLOEXEC);
    if (file < 0) return errno;
    return mmap(NULL, beyond(world), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? errno : 0;
}
ATTEMPT(growing_down) { return mapped(beyond(world), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN); }
ATTEMPT(memory_file) { return VERDICT(memfd_create("m", 0)); }
ATTEMPT(grow_shared) { return VERDICT(ftruncate(world->sealed, beyond(world))); }
ATTEMPT(posix_shared) {
    int file = shm_open("/postern-attempt", O_RDWR | O_CREAT, 0600);
    if (file < 0) return errno;
    shm_unlink("/postern-attempt");
    return 0;
}
ATTEMPT(system_v_memory) {
    int handle = shmget(IPC_PRIVATE, 4096, 0600);
    if (handle >= 0) shmctl(handle, IPC_RMID, NULL);
    return VERDICT(handle);
}
ATTEMPT(system_v_queue) {
    int handle = msgget(IPC_PRIVATE, 0600);
    if (handle >= 0) msgctl(handle, IPC_RMID, NULL);
    return VERDICT(handle);
}
ATTEMPT(system_v_semaphore) {
    int handle = semget(IPC_PRIVATE, 1, 0600);
    if (handle >= 0) semctl(handle, 0, IPC_RMID);
    return VERDICT(handle);
}
ATTEMPT(posix_queue) {
    long handle = syscall(SYS_mq_open, "postern-attempt", O_RDWR | O_CREAT, 0600, NULL);
    if (handle >= 0) syscall(SYS_mq_unlink, "postern-attempt");
    return VERDICT(handle);
}
ATTEMPT(locked) {
    void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : VERDICT(mlock(memory, 1 << 20));
}
ATTEMPT(huge_pipe) {
    int ends[2];
    return pipe(ends) ? errno : VERDICT(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20));
}

static void *waits(void *_) {
    (void)_;
    for (;;) pause();
    return NULL;
}
ATTEMPT(many_threads) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (int count = 0; count < 600; ++count) {
        pthread_t thread;
        int code = pthread_create(&thread, &small, waits, NULL);
        if (code) return code;
    }
    return 0;
}
ATTEMPT(many_stacks) {
    for (int count = 0; count < 60; ++count) {
        pthread_t thread;
        int code = pthread_create(&thread, NULL, waits, NULL);
        if (code) return code;
    }
    return 0;
}

static int raised(__rlimit_resource_t kind) {
    struct rlimit limit;
    if (getrlimit(kind, &limit)) return errno;
    limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
    if (kind == RLIMIT_NOFILE) limit.rlim_cur = limit.rlim_max = 4096;
    return VERDICT(setrlimit(kind, &limit));
}
ATTEMPT(raise_memory) { return raised(RLIMIT_DATA); }
ATTEMPT(raise_files) { return raised(RLIMIT_NOFILE); }
ATTEMPT(raise_core) { return raised(RLIMIT_CORE); }
/// Upwards: anyone may, so it shows whether the file is out of reach.
ATTEMPT(oom_score) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    return file < 0 ? errno : VERDICT(write(file, "900", 3));
}

const struct attempt memory_attempts[] = {
    {"heap beyond its limit", heap},
    {"private memory beyond its limit", private_memory},
    {"reserved memory made writable beyond its limit", protected_first},
    {"mremap beyond its limit", grown},
    {"brk beyond its limit", break_moved},
    {"anonymous shared memory", shared_memory},
    {"shared memory of /dev/zero", zero_device},
    {"MAP_GROWSDOWN", growing_down},
    {"memfd_create", memory_file},
    {"enlarge sealed shared memory", grow_shared},
    {"shm_open", posix_shared},
    {"shmget", system_v_memory},
    {"msgget", system_v_queue},
    {"semget", system_v_semaphore},
    {"mq_open", posix_queue},
    {"mlock", locked},
    {"F_SETPIPE_SZ", huge_pipe},
    {"600 threads with small stacks", many_threads},
    {"60 threads with 8 MiB stacks", many_stacks},
    {"raise the memory limit", raise_memory},
    {"raise the limit of open files", raise_files},
    {"raise the limit of core files", raise_core},
    {"change oom_score_adj", oom_score},
    {NULL, NULL},
};
