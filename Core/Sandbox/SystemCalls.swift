/// Which system calls a worker may make, by name. Three lists: allowed, allowed with certain arguments (`SystemCallFilter`), and refused with
/// EPERM. What stands in none, a call that came with a later kernel too, is answered ENOSYS, so that libraries take their other way.
enum SystemCalls {
    static let allowed: [String] = [
        // Memory. mmap has conditions.
        "brk", "madvise", "mincore", "mprotect", "mremap", "msync", "munmap",
        // Threads and their locks. clone has conditions; clone3 does not exist: its arguments lie in memory, where no filter sees them.
        "arch_prctl", "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list", "get_thread_area", "getcpu",
        "gettid",
        "membarrier", "rseq", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getparam",
        "sched_getscheduler", "sched_rr_get_interval", "sched_yield", "set_robust_list", "set_tid_address", "wait4", "waitid",
        // Signals of its own. kill and tgkill have conditions.
        "pause", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
        "sigaltstack", "signalfd4",
        // Time
        "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday", "nanosleep", "setitimer", "time",
        "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime",
        "timerfd_settime", "times",
        // Descriptors it has. fcntl, ioctl and sendto have conditions. No sendmsg: no descriptor goes to the gateway.
        "close", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
        "epoll_wait", "eventfd", "eventfd2", "fadvise64", "fallocate", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate",
        "getdents", "getdents64", "lseek", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv", "preadv2", "pselect6", "pwrite64",
        "pwritev", "pwritev2", "read", "readahead", "readv", "recvfrom", "recvmsg", "select", "shutdown", "write", "writev",
        // Files by name: Landlock, or the empty root, decides. open and openat have conditions.
        "access", "chdir", "creat", "faccessat", "faccessat2", "fchdir", "getcwd", "lstat", "mkdir", "mkdirat", "newfstatat",
        "readlink", "readlinkat", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx", "umask",
        "unlink", "unlinkat",
        // Who and what it is
        "capget", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom",
        "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "getuid", "sysinfo", "uname",
    ]

    /// The clear answer no, where ENOSYS would be a lie that makes a library try worse. clone3 is not here on purpose.
    static let refused: [String] = [
        // Processes
        "execve", "execveat", "fork", "vfork", "setpgid", "setsid", "unshare", "setns",
        // Others' processes
        "kcmp", "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "process_madvise", "process_mrelease", "process_vm_readv",
        "process_vm_writev", "ptrace", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill", "get_mempolicy", "mbind", "migrate_pages",
        "move_pages", "set_mempolicy", "ioprio_set", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
        "setpriority",
        // Sockets
        "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "sendmmsg", "sendmsg", "setsockopt",
        "socket", "socketpair",
        // Files: what Landlock does not govern, or nobody needs
        "chmod", "chown", "chroot", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "fremovexattr", "fsetxattr", "futimesat",
        "lchown", "link", "linkat", "lremovexattr", "lsetxattr", "mknod", "mknodat", "name_to_handle_at", "open_by_handle_at",
        "removexattr", "setxattr", "symlink", "symlinkat", "sync", "syncfs", "truncate", "utime", "utimensat", "utimes",
        "fanotify_init", "fanotify_mark", "inotify_add_watch", "inotify_init", "inotify_init1",
        // The file tree
        "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree", "pivot_root", "umount", "umount2",
        // Memory that the limit does not count, or that others share
        "memfd_create", "memfd_secret", "mlock", "mlock2", "mlockall", "mq_open", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd",
        "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget", "remap_file_pages", "userfaultfd", "vmsplice",
        // Who it is, and what it may use
        "acct", "capset", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "personality", "seccomp",
        "setdomainname",
        "setfsgid", "setfsuid", "setgid", "setgroups", "sethostname", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit",
        "setuid",
        // The kernel's deep waters
        "add_key", "bpf", "io_cancel", "io_destroy", "io_getevents", "io_setup", "io_submit", "io_uring_enter", "io_uring_register",
        "io_uring_setup", "keyctl", "lookup_dcookie", "modify_ldt", "perf_event_open", "request_key",
        // The machine
        "adjtimex", "clock_adjtime", "clock_settime", "create_module", "delete_module", "finit_module", "init_module", "ioperm", "iopl",
        "kexec_file_load", "kexec_load", "nfsservctl", "quotactl", "quotactl_fd", "reboot", "settimeofday", "stime", "swapoff", "swapon",
        "sysfs", "syslog", "uselib", "ustat", "vhangup",
    ]
}
