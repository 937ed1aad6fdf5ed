#include "try.h"
#include <dirent.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <utime.h>

static int opened(const char *path, int flags) { return VERDICT(open(path, flags | O_CLOEXEC, 0600)); }
static int of_process(int pid, const char *name, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return opened(path, flags);
}
static const char *own(const struct attempt_world *world, const char *name) {
    static char path[4096];
    joined(path, sizeof path, world->temporary, name);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
    return path;
}

ATTEMPT(passwd) { return opened("/etc/passwd", O_RDONLY); }
ATTEMPT(shadow) { return opened("/etc/shadow", O_RDONLY); }
ATTEMPT(init_environment) { return of_process(1, "environ", O_RDONLY); }
ATTEMPT(neighbours_command) { return of_process(world->neighbour, "cmdline", O_RDONLY); }
ATTEMPT(neighbours_memory) { return of_process(world->neighbour, "mem", O_RDONLY); }
ATTEMPT(neighbours_descriptors) { return of_process(world->neighbour, "fd", O_RDONLY | O_DIRECTORY); }
ATTEMPT(own_memory) { return opened("/proc/self/mem", O_RDWR); }
ATTEMPT(through_own_root) { return opened("/proc/self/root/etc/passwd", O_RDONLY); }
ATTEMPT(through_thread_root) { return opened("/proc/thread-self/root/etc/passwd", O_RDONLY); }
ATTEMPT(through_task_root) {
    char path[96];
    snprintf(path, sizeof path, "/proc/self/task/%d/root/etc/passwd", getpid());
    return opened(path, O_RDONLY);
}
/// Whether it learns of any other.
ATTEMPT(list_processes) {
    DIR *listing = opendir("/proc");
    if (!listing) return errno;
    for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid()) return 0;
    return ENOENT;
}

ATTEMPT(kernel_settings) { return opened("/proc/sys/kernel/core_pattern", O_RDWR); }
ATTEMPT(device) { return opened("/dev/kmsg", O_RDONLY); }
ATTEMPT(secret) { return opened(world->secret_file, O_RDONLY); }
ATTEMPT(readable) { return opened(world->open_file, O_RDONLY); }
ATTEMPT(list_folder) { return opened(world->folder, O_RDONLY | O_DIRECTORY); }
ATTEMPT(by_dots) {
    char path[4096];
    snprintf(path, sizeof path, "%s/../../../../../../../../%s", world->temporary, world->open_file);
    return opened(path, O_RDONLY);
}
ATTEMPT(write_readable) { return opened(world->open_file, O_WRONLY); }
ATTEMPT(append_granted) { return opened(world->granted, O_WRONLY | O_APPEND); }
ATTEMPT(open_and_truncate) { return opened(world->granted, O_RDONLY | O_TRUNC); }
/// Access mode 3 asks for neither reading nor writing.
ATTEMPT(open_for_nothing_and_truncate) { return opened(world->open_file, O_ACCMODE | O_TRUNC); }
ATTEMPT(truncate_by_name) { return VERDICT(truncate(world->open_file, 1)); }
ATTEMPT(create_in_tmp) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/postern-%d", getpid());
    int code = opened(path, O_WRONLY | O_CREAT | O_EXCL);
    if (code == 0) unlink(path);
    return code;
}
ATTEMPT(create_in_shm) {
    char path[64];
    snprintf(path, sizeof path, "/dev/shm/postern-%d", getpid());
    int code = opened(path, O_WRONLY | O_CREAT | O_EXCL);
    if (code == 0) unlink(path);
    return code;
}
ATTEMPT(nameless_in_tmp) { return opened("/tmp", O_WRONLY | O_TMPFILE); }
ATTEMPT(create_in_library_folder) {
    int code = opened("/usr/local/lib/postern-attempt", O_WRONLY | O_CREAT);
    if (code == 0) unlink("/usr/local/lib/postern-attempt");
    return code;
}
ATTEMPT(planted_link) {
    char path[4096];
    return opened(joined(path, sizeof path, world->temporary, "outside"), O_RDONLY);
}
ATTEMPT(make_link) {
    char path[4096];
    return VERDICT(symlink("/etc/passwd", joined(path, sizeof path, world->temporary, "link")));
}
ATTEMPT(hard_link) {
    char path[4096];
    return VERDICT(link(world->granted, joined(path, sizeof path, world->temporary, "hard")));
}
ATTEMPT(link_descriptor) {
    char from[64], path[4096];
    snprintf(from, sizeof from, "/proc/self/fd/%d", world->library_file);
    return VERDICT(linkat(AT_FDCWD, from, AT_FDCWD, joined(path, sizeof path, world->temporary, "kept"), AT_SYMLINK_FOLLOW));
}
ATTEMPT(rename_out) {
    char path[4096];
    joined(path, sizeof path, world->folder, "moved");
    int code = VERDICT(rename(own(world, "move"), path));
    if (code == 0) unlink(path);
    return code;
}
ATTEMPT(remove_outside) {
    char path[4096];
    return VERDICT(unlink(joined(path, sizeof path, world->folder, "removable")));
}
ATTEMPT(fifo) {
    char path[4096];
    return VERDICT(mkfifo(joined(path, sizeof path, world->temporary, "fifo"), 0600));
}
ATTEMPT(device_node) {
    char path[4096];
    return VERDICT(mknod(joined(path, sizeof path, world->temporary, "device"), S_IFCHR | 0600, (dev_t)0x103));
}
ATTEMPT(mode) { return VERDICT(chmod(own(world, "mode"), 04755)); }
ATTEMPT(mode_of_folder) { return VERDICT(chmod(world->temporary, 0700)); }
ATTEMPT(owner) { return VERDICT(chown(own(world, "owner"), getuid(), getgid())); }
ATTEMPT(times) { return VERDICT(utime(own(world, "times"), NULL)); }
ATTEMPT(attribute) { return VERDICT(setxattr(own(world, "attribute"), "user.a", "b", 1, 0)); }
ATTEMPT(by_handle) {
    struct {
        struct file_handle handle;
        unsigned char bytes[128];
    } handle = {.handle = {.handle_bytes = 128}};
    int mount;
    return VERDICT(name_to_handle_at(AT_FDCWD, world->granted, &handle.handle, &mount, 0));
}
ATTEMPT(watch) {
    int handle = inotify_init1(IN_CLOEXEC);
    return handle < 0 ? errno : VERDICT(inotify_add_watch(handle, world->folder, IN_CREATE));
}
ATTEMPT(watch_all) { return VERDICT(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY)); }
ATTEMPT(lease) {
    int file = open(own(world, "lease"), O_RDONLY | O_CLOEXEC);
    return file < 0 ? errno : VERDICT(fcntl(file, F_SETLEASE, F_RDLCK));
}
ATTEMPT(folder_signals) {
    int file = open(world->temporary, O_RDONLY | O_CLOEXEC);
    return file < 0 ? errno : VERDICT(fcntl(file, F_NOTIFY, DN_CREATE));
}
ATTEMPT(too_large) {
    int file = open(own(world, "large"), O_WRONLY | O_CLOEXEC);
    if (file < 0) return errno;
    int code = VERDICT(ftruncate(file, world->file_bytes + 1));
    return code ? code : pwrite(file, "x", 1, world->file_bytes) == 1 ? 0 : errno;
}
ATTEMPT(too_many) {
    for (int count = 0; count <= world->open_files; ++count)
        if (dup(0) < 0) return errno;
    return 0;
}
ATTEMPT(inherited) {
    char content[8] = {0};
    ssize_t length = pread(world->inherited, content, 7, 0);
    if (length < 0) return errno;
    // The number may be another file's by now.
    return strcmp(content, "content") == 0 ? 0 : EBADF;
}
/// Opening it again for writing cannot be stopped; using that can.
ATTEMPT(write_sealed) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", world->sealed);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return errno;
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED) return 0;
    return VERDICT(pwrite(file, "x", 1, 0));
}

const struct attempt file_attempts[] = {
    {"read /etc/passwd", passwd},
    {"read /etc/shadow", shadow},
    {"read /proc/1/environ", init_environment},
    {"read /proc/PID/cmdline of a process of its user", neighbours_command},
    {"read /proc/PID/mem of a process of its user", neighbours_memory},
    {"list /proc/PID/fd of a process of its user", neighbours_descriptors},
    {"write /proc/self/mem", own_memory},
    {"read through /proc/self/root", through_own_root},
    {"read through /proc/thread-self/root", through_thread_root},
    {"read through /proc/self/task/TID/root", through_task_root},
    {"list processes", list_processes},
    {"write /proc/sys", kernel_settings},
    {"read /dev/kmsg", device},
    {"read the gateway's file, its owner's alone", secret},
    {"read the gateway's file, readable by all", readable},
    {"list the gateway's folder", list_folder},
    {"read by ../..", by_dots},
    {"write a file that all may write", write_readable},
    {"write a granted file", append_granted},
    {"empty a granted file (O_TRUNC)", open_and_truncate},
    {"empty a file that all may write, opened for nothing", open_for_nothing_and_truncate},
    {"truncate by name", truncate_by_name},
    {"create in /tmp", create_in_tmp},
    {"create in /dev/shm", create_in_shm},
    {"create without a name in /tmp (O_TMPFILE)", nameless_in_tmp},
    {"create in /usr/local/lib", create_in_library_folder},
    {"read through a symbolic link in the temporary folder", planted_link},
    {"make a symbolic link", make_link},
    {"make a hard link to a granted file", hard_link},
    {"name a descriptor (linkat)", link_descriptor},
    {"rename out of the temporary folder", rename_out},
    {"remove outside the temporary folder", remove_outside},
    {"make a FIFO", fifo},
    {"make a device", device_node},
    {"chmod of its own file", mode},
    {"chmod of its folder", mode_of_folder},
    {"chown", owner},
    {"change times", times},
    {"set an attribute", attribute},
    {"name_to_handle_at", by_handle},
    {"inotify", watch},
    {"fanotify", watch_all},
    {"fcntl F_SETLEASE", lease},
    {"fcntl F_NOTIFY", folder_signals},
    {"a file beyond its limit", too_large},
    {"descriptors beyond their limit", too_many},
    {"use a descriptor that the gateway left open", inherited},
    {"write sealed shared memory", write_sealed},
    {NULL, NULL},
};
