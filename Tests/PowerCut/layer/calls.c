/* The C library's calls that change files, each as it is and then noted in the shadow. */
#define _GNU_SOURCE
#include "shadow.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 65536
/* What each descriptor is; NULL: nothing of ours. */
static struct file *table[DESCRIPTORS];

__attribute__((constructor)) static void load(void) {
    const char *root = getenv("POSTERN_POWERCUT_ROOT"), *image = getenv("POSTERN_POWERCUT_IMAGE");
    if (!root || !image) return;
    snprintf(shadow_image, sizeof shadow_image, "%s", image);
    snprintf(shadow_root, sizeof shadow_root, "%s", root);
}

/* Absolute, below the root; NULL: not ours. */
static const char *ours(int folder, const char *path, char *buffer) {
    if (!shadow_root[0] || !path) return NULL;
    if (path[0] == '/') return shadow_relative(path);
    if (folder == AT_FDCWD) {
        if (!getcwd(buffer, PATH_MAX)) return NULL;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, buffer, PATH_MAX - 1);
        if (length < 0) return NULL;
        buffer[length] = 0;
    }
    size_t length = strlen(buffer);
    if (snprintf(buffer + length, PATH_MAX - length, "/%s", path) >= (int)(PATH_MAX - length)) return NULL;
    return shadow_relative(buffer);
}

static struct file *of(int descriptor) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS) return NULL;
    struct file *file = __atomic_load_n(&table[descriptor], __ATOMIC_ACQUIRE);
    if (!file || file->is_folder) return file;
    /* Closed inside the C library, and another's by now? */
    struct stat status;
    return fstat(descriptor, &status) == 0 && status.st_ino == file->inode && status.st_dev == file->device ? file : NULL;
}

static void hold(int descriptor, struct file *file) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) __atomic_store_n(&table[descriptor], file, __ATOMIC_RELEASE);
}

static bool refuses(bool is_write) {
    struct fault fault = fault_now();
    if (fault.is_read_only) return errno = EROFS, true;
    if (is_write && fault_hits(fault.write_fails)) return errno = EIO, true;
    return false;
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *relative = ours(folder, path, buffer);
    if (!relative) return REAL(openat)(folder, path, flags, mode);
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (writes && refuses(false)) return -1;
    shadow_lock();
    if (writes) shadow_begin();
    struct stat status;
    bool existed = !is_nameless && fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (writes && !existed && fault_now().is_full) {
        shadow_unlock();
        return errno = ENOSPC, -1;
    }
    int descriptor = REAL(openat)(folder, path, flags, mode);
    if (descriptor >= 0 && shadow_folders && fstat(descriptor, &status) == 0) {
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

int close(int descriptor) {
    hold(descriptor, NULL);
    return REAL(close)(descriptor);
}

static int copied(int from, int to) {
    if (to >= 0) hold(to, of(from));
    return to;
}

int dup(int from) { return copied(from, REAL(dup)(from)); }
int dup2(int from, int to) { return copied(from, REAL(dup2)(from, to)); }
int dup3(int from, int to, int flags) { return copied(from, REAL(dup3)(from, to, flags)); }

static int sync_now(struct file *file) {
    struct fault fault = fault_now();
    if (fault.slow_ms) usleep(fault.slow_ms * 1000);
    shadow_lock();
    cut_before_sync();
    bool fails = fault_hits(fault.sync_fails) || fault.is_read_only;
    if (fails) {
        shadow_lose(file);
    } else if (!cut_lies()) {
        shadow_sync(file);
    }
    cut_after_sync();
    shadow_unlock();
    return fails ? (errno = fault.is_read_only ? EROFS : EIO, -1) : 0;
}

int fsync(int descriptor) {
    struct file *file = of(descriptor);
    return file ? sync_now(file) : REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    struct file *file = of(descriptor);
    return file ? sync_now(file) : REAL(fdatasync)(descriptor);
}

/* Of a write of `length` bytes at `offset`: whether it may be tried. With the lock held. */
static bool has_room(int descriptor, off_t end) {
    struct stat status;
    if (!fault_now().is_full || (fstat(descriptor, &status) == 0 && end <= status.st_size)) return true;
    return errno = ENOSPC, false;
}

static ssize_t written(int descriptor, struct file *file, const struct iovec *parts, int count, off_t offset, bool has_offset) {
    if (refuses(true)) return -1;
    shadow_lock();
    int flags = fcntl(descriptor, F_GETFL);
    struct stat status;
    if (flags & O_APPEND) {
        offset = fstat(descriptor, &status) == 0 ? status.st_size : 0;
    } else if (!has_offset) {
        offset = lseek(descriptor, 0, SEEK_CUR);
    }
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    ssize_t done = -1;
    if (has_room(descriptor, offset + (off_t)length))
        done = has_offset ? REAL(pwritev)(descriptor, parts, count, offset) : REAL(writev)(descriptor, parts, count);
    int error = errno;
    off_t at = offset;
    for (ssize_t i = 0, left = done; left > 0 && i < count; i++) {
        size_t part = parts[i].iov_len < (size_t)left ? parts[i].iov_len : (size_t)left;
        shadow_bytes(file, at, parts[i].iov_base, part);
        at += part;
        left -= part;
    }
    shadow_unlock();
    if (done > 0 && flags & (O_SYNC | O_DSYNC) && sync_now(file)) return -1;
    errno = error;
    return done;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    struct file *file = of(descriptor);
    if (!file) return REAL(write)(descriptor, bytes, length);
    return written(descriptor, file, &(struct iovec){(void *)bytes, length}, 1, 0, false);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    struct file *file = of(descriptor);
    if (!file) return REAL(pwrite)(descriptor, bytes, length, offset);
    return written(descriptor, file, &(struct iovec){(void *)bytes, length}, 1, offset, true);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) { return pwrite(descriptor, bytes, length, offset); }

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    struct file *file = of(descriptor);
    return file ? written(descriptor, file, parts, count, 0, false) : REAL(writev)(descriptor, parts, count);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    struct file *file = of(descriptor);
    return file ? written(descriptor, file, parts, count, offset, true) : REAL(pwritev)(descriptor, parts, count, offset);
}
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) { return pwritev(descriptor, parts, count, offset); }

int ftruncate(int descriptor, off_t size) {
    struct file *file = of(descriptor);
    if (!file) return REAL(ftruncate)(descriptor, size);
    if (refuses(true)) return -1;
    shadow_lock();
    int code = has_room(descriptor, size) ? REAL(ftruncate)(descriptor, size) : -1;
    if (code == 0) shadow_size(file, size);
    shadow_unlock();
    return code;
}
int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

/* Only what grows a file; holes are not punched. */
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    struct file *file = of(descriptor);
    if (!file) return REAL(fallocate)(descriptor, mode, offset, length);
    if (refuses(true)) return -1;
    shadow_lock();
    struct stat before, after;
    int code = fstat(descriptor, &before);
    if (code == 0) code = has_room(descriptor, offset + length) ? REAL(fallocate)(descriptor, mode, offset, length) : -1;
    if (code == 0 && fstat(descriptor, &after) == 0 && after.st_size != before.st_size) shadow_size(file, after.st_size);
    shadow_unlock();
    return code;
}
int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) { return fallocate(descriptor, mode, offset, length); }
int posix_fallocate(int descriptor, off_t offset, off_t length) {
    if (!of(descriptor)) return REAL(posix_fallocate)(descriptor, offset, length);
    return fallocate(descriptor, 0, offset, length) ? errno : 0;
}
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) { return posix_fallocate(descriptor, offset, length); }

void *mmap(void *at, size_t length, int protection, int flags, int descriptor, off_t offset) {
    struct file *file = flags & MAP_ANONYMOUS || !(flags & MAP_SHARED) || !(protection & PROT_WRITE) ? NULL : of(descriptor);
    if (file) file->is_mapped = true;
    return REAL(mmap)(at, length, protection, flags, descriptor, offset);
}
void *mmap64(void *at, size_t length, int protection, int flags, int descriptor, off64_t offset) {
    return mmap(at, length, protection, flags, descriptor, offset);
}

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
