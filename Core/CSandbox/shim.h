// What Swift cannot call, or the installed headers do not know yet: raw system calls, variadic functions, macros with arguments.
// Each returns -1 and sets errno, as the call itself does.
#pragma once
#include <linux/capability.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Landlock's numbers are the same on every architecture. The structs are those of <linux/landlock.h> at its present length: an older kernel
// takes a longer struct whose unknown end is zero.
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif

struct sandbox_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

/// The version of the kernel's Landlock ABI, from 1.
static inline int sandbox_landlock_version(void) {
    return (int)syscall(__NR_landlock_create_ruleset, NULL, 0, 1U /* LANDLOCK_CREATE_RULESET_VERSION */);
}

static inline int sandbox_landlock_create(const struct sandbox_ruleset *ruleset) {
    return (int)syscall(__NR_landlock_create_ruleset, ruleset, sizeof *ruleset, 0);
}

/// Allows `access` to the file or folder `beneath`, and to everything below it.
static inline int sandbox_landlock_allow(int ruleset, uint64_t access, int beneath) {
    struct {
        uint64_t allowed_access;
        int32_t parent_fd;
    } __attribute__((packed)) rule = {access, beneath};
    return (int)syscall(__NR_landlock_add_rule, ruleset, 1 /* LANDLOCK_RULE_PATH_BENEATH */, &rule, 0);
}

static inline int sandbox_landlock_restrict(int ruleset) { return (int)syscall(__NR_landlock_restrict_self, ruleset, 0); }

static inline int sandbox_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

static inline int sandbox_unshare(int flags) { return (int)syscall(__NR_unshare, flags); }

static inline int sandbox_pivot_root(const char *root, const char *old) { return (int)syscall(__NR_pivot_root, root, old); }

/// Gives up every capability, the ambient ones with them.
static inline int sandbox_drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return (int)syscall(__NR_capset, &header, none);
}

static inline uint32_t sandbox_refuse(uint16_t error) { return SCMP_ACT_ERRNO(error); }
