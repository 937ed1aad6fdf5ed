#include "try.h"
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/time.h>
#include <grp.h>

// Arguments that change nothing, or nothing beyond the process, where the call is allowed.
ATTEMPT(uring) {
    struct io_uring_params parameters = {0};
    return VERDICT(syscall(SYS_io_uring_setup, 1, &parameters));
}
ATTEMPT(aio) {
    unsigned long context = 0;
    return VERDICT(syscall(SYS_io_setup, 1, &context));
}
ATTEMPT(bpf_map) {
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    return VERDICT(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
}
ATTEMPT(perf) {
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_TASK_CLOCK, .exclude_kernel = 1};
    return VERDICT(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
}
ATTEMPT(fault_handler) { return VERDICT(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)); }
ATTEMPT(keyring) { return VERDICT(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1)); }
ATTEMPT(key) { return VERDICT(syscall(SYS_add_key, "user", "postern", "x", 1, KEY_SPEC_PROCESS_KEYRING)); }
ATTEMPT(change_root) { return VERDICT(chroot(world->temporary)); }
ATTEMPT(user_namespace) { return VERDICT(unshare(CLONE_NEWUSER)); }
ATTEMPT(mount_namespace) { return VERDICT(unshare(CLONE_NEWNS)); }
ATTEMPT(join_namespace) {
    int file = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return VERDICT(setns(file < 0 ? world->control : file, CLONE_NEWNET));
}
ATTEMPT(mounted) {
    if (mount("tmpfs", world->temporary, "tmpfs", 0, NULL)) return errno;
    umount2(world->temporary, MNT_DETACH);
    return 0;
}
ATTEMPT(mounted_anew) { return VERDICT(syscall(428 /* open_tree */, AT_FDCWD, world->temporary, 1 /* OPEN_TREE_CLONE */)); }
ATTEMPT(unmounted) { return umount2(world->temporary, MNT_EXPIRE) && errno != EINVAL ? errno : 0; }
ATTEMPT(pivot) { return syscall(SYS_pivot_root, world->temporary, world->temporary) && errno != EBUSY && errno != EINVAL ? errno : 0; }
ATTEMPT(be_root) { return VERDICT(setuid(0)); }
ATTEMPT(be_other) { return VERDICT(setresuid(getuid(), getuid(), getuid())); }
ATTEMPT(groups) {
    gid_t group = 0;
    return VERDICT(setgroups(1, &group));
}
ATTEMPT(capabilities) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{1U << CAP_DAC_OVERRIDE, 1U << CAP_DAC_OVERRIDE, 0}};
    return VERDICT(syscall(SYS_capset, &header, all));
}
ATTEMPT(dumpable) { return VERDICT(prctl(PR_SET_DUMPABLE, 1)); }
ATTEMPT(subreaper) { return VERDICT(prctl(PR_SET_CHILD_SUBREAPER, 1)); }
ATTEMPT(another_filter) {
    struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
    struct sock_fprog program = {1, &allow};
    return VERDICT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}
ATTEMPT(persona) { return VERDICT(personality(ADDR_NO_RANDOMIZE)); }
/// Standing in for its user: what the terminal would read next.
ATTEMPT(type_into_terminal) { return ioctl(0, TIOCSTI, "x") ? (errno == ENOTTY ? 0 : errno) : 0; }
ATTEMPT(quota) {
    // Whoever may ask is told that the path is no block device.
    return quotactl(QCMD(Q_SYNC, USRQUOTA), NULL, 0, NULL) ? errno : 0;
}
ATTEMPT(restarted) { return syscall(SYS_reboot, 0, 0, 0, NULL) && errno != EINVAL ? errno : 0; }
ATTEMPT(clock_set) { return VERDICT(syscall(SYS_settimeofday, NULL, NULL)); }
ATTEMPT(clock_adjusted) { return syscall(SYS_clock_settime, 0, NULL) && errno != EFAULT ? errno : 0; }
ATTEMPT(host_name) {
    char name[65] = {0};
    return gethostname(name, 64) ? errno : VERDICT(sethostname(name, strlen(name)));
}
ATTEMPT(module) { return syscall(SYS_init_module, NULL, 0, "") && errno != EFAULT && errno != ENOEXEC && errno != ENOSYS ? errno : 0; }
ATTEMPT(swap) { return swapon(world->temporary, 0) && errno != EINVAL && errno != EISDIR ? errno : 0; }
ATTEMPT(kernel_log) { return VERDICT(syscall(SYS_syslog, 10, NULL, 0)); }
#ifdef __x86_64__
ATTEMPT(segment) {
    char table[16];
    return VERDICT((int)syscall(SYS_modify_ldt, 0, table, sizeof table));
}
/// getpid by its numbers of 32 bits: -38 where the kernel has none.
ATTEMPT(other_architecture) {
    long code;
    __asm__ volatile("int $0x80" : "=a"(code) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    return code < 0 ? (int)-code : 0;
}
/// ENOSYS where the kernel has none of them.
ATTEMPT(other_numbers) { return syscall(0x40000000 + SYS_getpid) < 0 && errno != ENOSYS ? errno : 0; }
#endif

const struct attempt kernel_attempts[] = {
    {"io_uring_setup", uring},
    {"io_setup", aio},
    {"bpf", bpf_map},
    {"perf_event_open", perf},
    {"userfaultfd", fault_handler},
    {"keyctl", keyring},
    {"add_key", key},
    {"chroot", change_root},
    {"unshare: a user namespace", user_namespace},
    {"unshare: a mount namespace", mount_namespace},
    {"setns", join_namespace},
    {"mount", mounted},
    {"open_tree", mounted_anew},
    {"umount", unmounted},
    {"pivot_root", pivot},
    {"setuid 0", be_root},
    {"setresuid to itself", be_other},
    {"setgroups", groups},
    {"capset", capabilities},
    {"prctl PR_SET_DUMPABLE", dumpable},
    {"prctl PR_SET_CHILD_SUBREAPER", subreaper},
    {"seccomp with a listener", another_filter},
    {"personality", persona},
    {"ioctl TIOCSTI", type_into_terminal},
    {"quotactl", quota},
    {"reboot", restarted},
    {"settimeofday", clock_set},
    {"clock_settime", clock_adjusted},
    {"sethostname", host_name},
    {"init_module", module},
    {"swapon", swap},
    {"syslog", kernel_log},
#ifdef __x86_64__
    {"modify_ldt", segment},
    {"i386 system call", other_architecture},
    {"x32 system call", other_numbers},
#endif
    {NULL, NULL},
};
