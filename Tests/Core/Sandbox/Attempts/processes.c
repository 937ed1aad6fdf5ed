#include "try.h"
#include <linux/sched.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

/// In a child: it was possible, and the child goes. In the parent: waited for.
static int after_fork(long pid) {
    if (pid < 0) return errno;
    if (pid == 0) _exit(0);
    waitpid((pid_t)pid, NULL, __WALL);
    return 0;
}

ATTEMPT(fork_libc) { return after_fork(fork()); }
ATTEMPT(fork_raw) {
#ifdef SYS_fork
    return after_fork(syscall(SYS_fork));
#else
    return after_fork(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
#endif
}
ATTEMPT(vfork_libc) {
    pid_t pid = vfork();
    if (pid == 0) _exit(0);
    return VERDICT(pid);
}
ATTEMPT(clone_process) { return after_fork(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
ATTEMPT(clone_namespaces) { return after_fork(syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0)); }
ATTEMPT(clone3_process) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    return after_fork(syscall(SYS_clone3, &arguments, sizeof arguments));
}
static volatile int has_run;
static int run_once(void *unused __attribute__((unused))) {
    has_run = 1;
    return 0;
}
ATTEMPT(clone_descriptors) {
    static char stack[16384] __attribute__((aligned(16)));
    if (clone(run_once, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0) return errno;
    while (!has_run) sched_yield();
    return 0;
}
ATTEMPT(unshare_descriptors) { return VERDICT(syscall(SYS_close_range, ~0U, ~0U, 2 /* CLOSE_RANGE_UNSHARE */)); }
ATTEMPT(exec) {
    char *const arguments[] = {"true", NULL};
    execv("/bin/true", arguments);
    return errno;
}
ATTEMPT(exec_descriptor) {
    int file = open("/lib64/ld-linux-x86-64.so.2", O_RDONLY);
    if (file < 0) file = open("/lib/ld-linux-aarch64.so.1", O_RDONLY);
    if (file < 0) return errno;
    char *const arguments[] = {"ld.so", "--version", NULL}, *const none[] = {NULL};
    dup2(open("/dev/null", O_WRONLY), 1);
    syscall(SYS_execveat, file, "", arguments, none, AT_EMPTY_PATH);
    return errno;
}
ATTEMPT(spawn) {
    pid_t pid;
    char *const arguments[] = {"true", NULL}, *const none[] = {NULL};
    int code = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, none);
    if (code == 0) waitpid(pid, NULL, 0);
    return code;
}
ATTEMPT(shell) {
    int status = system("true");
    if (status < 0) return errno;
    // 127: no process, or no shell.
    return status == 0 ? 0 : EPERM;
}
ATTEMPT(kill_parent) { return VERDICT(kill(getppid(), SIGCONT)); }
ATTEMPT(kill_neighbour) { return VERDICT(kill(world->neighbour, SIGCONT)); }
ATTEMPT(kill_all) { return VERDICT(kill(-1, 0)); }
ATTEMPT(kill_group) { return VERDICT(kill(0, SIGCONT)); }
ATTEMPT(tgkill_neighbour) { return VERDICT(syscall(SYS_tgkill, world->neighbour, world->neighbour, SIGCONT)); }
ATTEMPT(tkill_neighbour) { return VERDICT(syscall(SYS_tkill, world->neighbour, SIGCONT)); }
ATTEMPT(queue_neighbour) {
    union sigval value = {0};
    return VERDICT(sigqueue(world->neighbour, SIGCONT, value));
}
/// A descriptor whose readiness signals its owner.
ATTEMPT(own_neighbour) { return VERDICT(fcntl(world->control, F_SETOWN, world->neighbour)); }
ATTEMPT(trace_neighbour) {
    if (ptrace(PTRACE_SEIZE, world->neighbour, 0, 0)) return errno;
    ptrace(PTRACE_DETACH, world->neighbour, 0, 0);
    return 0;
}
ATTEMPT(trace_parent) {
    if (ptrace(PTRACE_SEIZE, getppid(), 0, 0)) return errno;
    ptrace(PTRACE_DETACH, getppid(), 0, 0);
    return 0;
}
ATTEMPT(trace_me) { return VERDICT(ptrace(PTRACE_TRACEME, 0, 0, 0)); }
/// An address that is nobody's: who may read at all gets EFAULT.
static int read_memory(pid_t pid) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)8, 1};
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0) return 0;
    return errno == EFAULT ? 0 : errno;
}
ATTEMPT(read_neighbour) { return read_memory(world->neighbour); }
ATTEMPT(read_parent) { return read_memory(getppid()); }
ATTEMPT(pidfd) { return VERDICT(syscall(SYS_pidfd_open, getppid(), 0)); }
ATTEMPT(steal_descriptor) {
    long process = syscall(SYS_pidfd_open, getppid(), 0);
    return process < 0 ? errno : VERDICT(syscall(SYS_pidfd_getfd, process, 0, 0));
}
ATTEMPT(leave_group) { return VERDICT(setpgid(0, 0)); }
ATTEMPT(leave_session) { return VERDICT(setsid()); }
ATTEMPT(neighbours_priority) { return VERDICT(setpriority(PRIO_PROCESS, (id_t)world->neighbour, 19)); }
ATTEMPT(own_priority) { return VERDICT(setpriority(PRIO_PROCESS, 0, -5)); }
ATTEMPT(real_time) {
    struct sched_param one = {.sched_priority = 1};
    return VERDICT(sched_setscheduler(0, SCHED_FIFO, &one));
}
ATTEMPT(neighbours_limits) {
    struct rlimit limit = {1 << 20, 1 << 20};
    return VERDICT(prlimit(world->neighbour, RLIMIT_FSIZE, &limit, NULL));
}

const struct attempt process_attempts[] = {
    {"fork", fork_libc},
    {"fork, the bare call", fork_raw},
    {"vfork", vfork_libc},
    {"clone without CLONE_THREAD", clone_process},
    {"clone with namespaces", clone_namespaces},
    {"clone3", clone3_process},
    {"a thread with descriptors of its own", clone_descriptors},
    {"descriptors of its own (close_range)", unshare_descriptors},
    {"execve", exec},
    {"execveat by descriptor", exec_descriptor},
    {"posix_spawn", spawn},
    {"system", shell},
    {"kill its parent", kill_parent},
    {"kill a process of its user", kill_neighbour},
    {"kill all", kill_all},
    {"kill its group", kill_group},
    {"tgkill a process of its user", tgkill_neighbour},
    {"tkill a process of its user", tkill_neighbour},
    {"sigqueue to a process of its user", queue_neighbour},
    {"fcntl F_SETOWN", own_neighbour},
    {"ptrace its parent", trace_parent},
    {"ptrace a process of its user", trace_neighbour},
    {"ptrace TRACEME", trace_me},
    {"process_vm_readv of its parent", read_parent},
    {"process_vm_readv of a process of its user", read_neighbour},
    {"pidfd_open", pidfd},
    {"pidfd_getfd of its parent", steal_descriptor},
    {"setpgid", leave_group},
    {"setsid", leave_session},
    {"lower the priority of a process of its user", neighbours_priority},
    {"raise its own priority", own_priority},
    {"real-time scheduling", real_time},
    {"limits of a process of its user (prlimit)", neighbours_limits},
    {NULL, NULL},
};
