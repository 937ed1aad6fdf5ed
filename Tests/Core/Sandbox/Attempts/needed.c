#include "try.h"
#include <dlfcn.h>
#include <iconv.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>

// The number of the line that failed is the verdict: 100 + errno where that says more.
#define NEED(condition)                                                                                                                     \
    do {                                                                                                                                    \
        if (!(condition)) {                                                                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));                                            \
            return errno ? errno : EINVAL;                                                                                                  \
        }                                                                                                                                   \
        errno = 0;                                                                                                                          \
    } while (0)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int counted;
static void *counts(void *thread) {
    for (int turn = 0; turn < 1000; ++turn) {
        pthread_mutex_lock(&lock);
        ++counted;
        pthread_mutex_unlock(&lock);
        free(malloc(1000));
    }
    pthread_setname_np(pthread_self(), "counts");
    return thread;
}
ATTEMPT(threads) {
    pthread_t thread[8];
    for (int index = 0; index < 8; ++index) NEED(pthread_create(&thread[index], NULL, counts, NULL) == 0);
    for (int index = 0; index < 8; ++index) NEED(pthread_join(thread[index], NULL) == 0);
    NEED(counted == 8000);
    pthread_attr_t attributes;
    NEED(pthread_getattr_np(pthread_self(), &attributes) == 0);
    return 0;
}
ATTEMPT(load_from_system) {
    void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    NEED(library);
    NEED(dlsym(library, "__cxa_throw"));
    return 0;
}
ATTEMPT(load_by_descriptor) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", world->library_file);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) fprintf(stderr, "%s\n", dlerror());
    NEED(library);
    int (*answer)(void) = (int (*)(void))dlsym(library, "answer");
    NEED(answer && answer() == 42);
    return 0;
}
ATTEMPT(temporary_files) {
    char folder[4096], path[4200], other[4200];
    const char *named = getenv("TMPDIR");
    NEED(named && strcmp(named, world->temporary) == 0);
    NEED(mkdir(joined(folder, sizeof folder, named, "unpacked"), 0700) == 0);
    NEED(chdir(folder) == 0);
    joined(path, sizeof path, folder, "part-XXXXXX");
    int file = mkstemp(path);
    NEED(file >= 0);
    NEED(write(file, "hello", 5) == 5);
    NEED(ftruncate(file, 8192) == 0);
    char *bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    NEED(bytes != MAP_FAILED);
    bytes[5] = '!';
    NEED(msync(bytes, 8192, MS_SYNC) == 0);
    char read_back[6];
    NEED(pread(file, read_back, 6, 0) == 6 && memcmp(read_back, "hello!", 6) == 0);
    NEED(fsync(file) == 0);
    NEED(rename(path, joined(other, sizeof other, named, "part")) == 0);
    NEED(unlink(other) == 0);
    NEED(chdir("..") == 0 && rmdir("unpacked") == 0);
    return 0;
}
ATTEMPT(granted_file) {
    char byte;
    int file = open(world->granted, O_RDONLY);
    NEED(file >= 0);
    NEED(read(file, &byte, 1) == 1);
    return 0;
}
ATTEMPT(shared) {
    char *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, world->shared, 0);
    NEED(bytes != MAP_FAILED && bytes[0] == 'a');
    bytes[1] = 'c';
    const char *read_only = mmap(NULL, 4096, PROT_READ, MAP_SHARED, world->sealed, 0);
    NEED(read_only != MAP_FAILED && read_only[1] == 'b');
    return 0;
}
ATTEMPT(received) {
    char byte, room[CMSG_SPACE(sizeof(int))];
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    NEED(recvmsg(world->control, &message, MSG_CMSG_CLOEXEC) == 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    NEED(header && header->cmsg_type == SCM_RIGHTS);
    int file;
    memcpy(&file, CMSG_DATA(header), sizeof file);
    const char *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    NEED(memory != MAP_FAILED && memory[0] == 'a');
    NEED(send(world->control, "ok", 2, MSG_NOSIGNAL | MSG_DONTWAIT) == 2);
    NEED(write(world->control, "ok", 2) == 2);
    return 0;
}
ATTEMPT(waiting) {
    int event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), queue = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    NEED(event >= 0 && queue >= 0 && timer >= 0);
    struct epoll_event ready = {.events = EPOLLIN};
    NEED(epoll_ctl(queue, EPOLL_CTL_ADD, event, &ready) == 0);
    NEED(epoll_wait(queue, &ready, 1, 10000) == 1);
    struct pollfd one = {event, POLLIN, 0};
    NEED(poll(&one, 1, 10000) == 1);
    int ends[2];
    NEED(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 && write(ends[1], "x", 1) == 1);
    return 0;
}
ATTEMPT(time_and_chance) {
    struct timespec now;
    NEED(clock_gettime(CLOCK_MONOTONIC, &now) == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0);
    struct timespec short_while = {0, 1000};
    NEED(clock_nanosleep(CLOCK_MONOTONIC, 0, &short_while, NULL) == 0);
    struct tm local;
    setenv("TZ", "Europe/Paris", 1);
    tzset();
    time_t summer = 1720000000;
    NEED(localtime_r(&summer, &local) && local.tm_gmtoff == 7200);
    char chance[16];
    NEED(getrandom(chance, 16, 0) == 16);
    int file = open("/dev/urandom", O_RDONLY);
    NEED(file >= 0 && read(file, chance, 16) == 16);
    NEED(open("/dev/null", O_RDWR) >= 0);
    return 0;
}
ATTEMPT(languages) {
    NEED(setlocale(LC_ALL, "C.UTF-8"));
    iconv_t conversion = iconv_open("UTF-8", "SHIFT_JIS");
    NEED(conversion != (iconv_t)-1);
    return 0;
}
ATTEMPT(machine) {
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_max == (rlim_t)world->memory);
    NEED(sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_PHYS_PAGES) > 0);
    struct rusage usage;
    NEED(getrusage(RUSAGE_SELF, &usage) == 0);
    NEED(getpid() > 0 && getuid() == geteuid());
    errno = 0;
    (void)isatty(0);
    NEED(errno == 0 || errno == ENOTTY);
    return 0;
}
ATTEMPT(much_memory) {
    size_t size = (size_t)world->memory / 2;
    char *memory = malloc(size);
    NEED(memory);
    for (size_t at = 0; at < size; at += 4096) memory[at] = 1;
    free(memory);
    return 0;
}
static void *own_thread(void *result) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", gettid());
    *(int *)result = open(path, O_RDONLY | O_CLOEXEC);
    return NULL;
}
/// libdispatch does, every second, and ends the process when it cannot.
ATTEMPT(own_threads_state) {
    int file = -1;
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, own_thread, &file) == 0 && pthread_join(thread, NULL) == 0);
    NEED(file >= 0);
    NEED(access("/proc/self/maps", R_OK) == 0);
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    NEED(folder >= 0);
    return 0;
}
static volatile sig_atomic_t signalled;
static void on_signal(int number) { signalled = number; }
ATTEMPT(own_signals) {
    struct sigaction action = {.sa_handler = on_signal};
    NEED(sigaction(SIGUSR1, &action, NULL) == 0);
    NEED(raise(SIGUSR1) == 0 && signalled == SIGUSR1);
    signalled = 0;
    NEED(pthread_kill(pthread_self(), SIGUSR1) == 0 && signalled == SIGUSR1);
    return 0;
}
/// Its end by a signal is what is awaited.
ATTEMPT(aborts) { abort(); }

const struct attempt needed_attempts[] = {
    {"threads", threads},
    {"load a library of the system", load_from_system},
    {"load a library by its descriptor", load_by_descriptor},
    {"temporary files", temporary_files},
    {"read what was granted", granted_file},
    {"shared memory by descriptor", shared},
    {"recvmsg, send and write on the control socket", received},
    {"eventfd, epoll, poll, timerfd, pipe", waiting},
    {"clocks, time zones, getrandom", time_and_chance},
    {"locale and iconv", languages},
    {"limits and figures of itself", machine},
    {"half of the memory granted", much_memory},
    {"the state of its threads in /proc", own_threads_state},
    {"signals to itself", own_signals},
    {"abort", aborts},
    {NULL, NULL},
};
