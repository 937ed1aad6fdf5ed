/* The C library's calls that make, change and take away names: each as it is and then noted in the shadow. */
#define _GNU_SOURCE
#include "descriptors.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *relative = ours(folder, path, buffer);
    if (!relative) return REAL(openat)(folder, path, flags, mode);
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (writes && refuses(false)) return -1;
    shadow_lock();
    shadow_begin();
    struct stat status;
    bool existed = !is_nameless && fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (writes && !existed && fault_now().is_full) {
        shadow_unlock();
        return errno = ENOSPC, -1;
    }
    int descriptor = REAL(openat)(folder, path, flags, mode);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0) {
        struct file *file = NULL;
        const char *name;
        if (S_ISDIR(status.st_mode)) {
            file = shadow_folder(relative);
        } else if (is_nameless) {
            file = shadow_new(status.st_dev, status.st_ino, NULL);
        } else if (S_ISREG(status.st_mode) && existed) {
            file = shadow_find(status.st_dev, status.st_ino);
            if (file && flags & O_TRUNC && writes) shadow_size(file, 0);
        } else if (S_ISREG(status.st_mode)) {
            file = shadow_new(status.st_dev, status.st_ino, NULL);
            struct file *parent = shadow_parent(relative, &name);
            if (parent) shadow_entry(parent, name, file, NULL);
        }
        hold(descriptor, file);
    }
    shadow_unlock();
    return descriptor;
}

#define MODE(flags, last) \
    ({ mode_t mode_ = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list_; va_start(list_, last); mode_ = va_arg(list_, mode_t); va_end(list_); } mode_; })

int open(const char *path, int flags, ...) { return opened(AT_FDCWD, path, flags, MODE(flags, flags)); }
int open64(const char *path, int flags, ...) { return opened(AT_FDCWD, path, flags | O_LARGEFILE, MODE(flags, flags)); }
int openat(int folder, const char *path, int flags, ...) { return opened(folder, path, flags, MODE(flags, flags)); }
int openat64(int folder, const char *path, int flags, ...) { return opened(folder, path, flags | O_LARGEFILE, MODE(flags, flags)); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int unlinkat(int folder, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *relative = ours(folder, path, buffer), *name;
    if (!relative) return REAL(unlinkat)(folder, path, flags);
    if (refuses(false)) return -1;
    shadow_lock();
    shadow_begin();
    int code = REAL(unlinkat)(folder, path, flags);
    struct file *parent = shadow_parent(relative, &name);
    if (code == 0 && parent) shadow_entry(parent, NULL, NULL, name);
    shadow_unlock();
    return code;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int remove(const char *path) { return unlinkat(AT_FDCWD, path, 0) == 0 ? 0 : errno == EISDIR ? unlinkat(AT_FDCWD, path, AT_REMOVEDIR) : -1; }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

/* A new name: by linking (`gone` is NULL) or by renaming. */
static void named(const char *to, const char *gone) {
    char whole[2 * PATH_MAX];
    struct stat status;
    const char *name = NULL, *old = NULL;
    snprintf(whole, sizeof whole, "%s/%s", shadow_root, to ? to : "");
    struct file *file = to && lstat(whole, &status) == 0 ? shadow_find(status.st_dev, status.st_ino) : NULL;
    struct file *parent = to ? shadow_parent(to, &name) : NULL;
    struct file *before = gone ? shadow_parent(gone, &old) : NULL;
    bool is_one = parent && parent == before;
    if (parent && file) shadow_entry(parent, name, file, is_one ? old : NULL);
    if (before && !is_one) shadow_entry(before, NULL, NULL, old);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char buffer[PATH_MAX];
    const char *relative = ours(to_folder, to, buffer);
    if (!relative) return REAL(linkat)(from_folder, from, to_folder, to, flags);
    if (refuses(false)) return -1;
    shadow_lock();
    shadow_begin();
    int code = fault_now().is_full ? (errno = ENOSPC, -1) : REAL(linkat)(from_folder, from, to_folder, to, flags);
    if (code == 0) named(relative, NULL);
    shadow_unlock();
    return code;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char first[PATH_MAX], second[PATH_MAX];
    const char *old = ours(from_folder, from, first), *new = ours(to_folder, to, second);
    if (!old && !new) return REAL(renameat2)(from_folder, from, to_folder, to, flags);
    if (refuses(false)) return -1;
    shadow_lock();
    shadow_begin();
    int code = REAL(renameat2)(from_folder, from, to_folder, to, flags);
    if (code == 0) named(new, old);
    shadow_unlock();
    return code;
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return renameat2(from_folder, from, to_folder, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *relative = ours(folder, path, buffer), *name;
    if (!relative || !*relative) return REAL(mkdirat)(folder, path, mode);
    if (refuses(false)) return -1;
    shadow_lock();
    shadow_begin();
    int code = REAL(mkdirat)(folder, path, mode);
    struct file *parent = shadow_parent(relative, &name);
    if (code == 0 && parent) shadow_entry(parent, name, shadow_new(0, 0, relative), NULL);
    shadow_unlock();
    return code;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
