/* What Glibc's module leaves out because it needs _GNU_SOURCE. */
#pragma once
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

/* memfd_create(2) that can be sealed; -1 and errno. */
static inline int postern_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u | 2u /* CLOEXEC, ALLOW_SEALING */); }

/* Neither longer nor shorter any more, and with `read_only` not written to by any new mapping; then no other seals. */
static inline int postern_seal(int descriptor, int read_only) {
    return fcntl(descriptor, 1033 /* F_ADD_SEALS */, 1 | 2 | 4 | (read_only ? 8 : 0) /* SEAL, SHRINK, GROW, WRITE */);
}

static inline int postern_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

static inline int postern_pidfd(int pid) { return (int)syscall(434 /* pidfd_open */, pid, 0u); }
