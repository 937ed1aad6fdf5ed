/* The C library's calls that change what files hold, and that sync: each as it is and then noted in the shadow. */
#define _GNU_SOURCE
#include "descriptors.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Whether the fault is of this one's syncs. */
static bool is_meant(int descriptor, const char *name) {
    if (!*name) return true;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    const char *last = strrchr(path, '/');
    return last && !strcmp(last + 1, name);
}

static int sync_now(int descriptor, struct file *file) {
    struct fault fault = fault_now();
    if (fault.slow_ms) usleep(fault.slow_ms * 1000);
    shadow_lock();
    cut_before_sync();
    bool is_hit = is_meant(descriptor, fault.sync_name), loses = (is_hit && fault_hits(fault.sync_loses)) || fault.is_read_only;
    bool fails = loses || (is_hit && fault_hits(fault.sync_fails)) || cut_fails();
    if (fails) {
        bool (*parts[])(void) = {cut_keeps_nothing, cut_keeps_half, cut_keeps_all};
        shadow_fail(file, parts[loses ? 0 : cut_random() % 3]);
    } else if (!cut_lies()) {
        shadow_sync(file);
    }
    cut_after_sync();
    shadow_unlock();
    return fails ? (errno = fault.is_read_only ? EROFS : EIO, -1) : 0;
}

int fsync(int descriptor) {
    struct file *file = of(descriptor);
    return file ? sync_now(descriptor, file) : REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    struct file *file = of(descriptor);
    return file ? sync_now(descriptor, file) : REAL(fdatasync)(descriptor);
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
    if (done > 0 && flags & (O_SYNC | O_DSYNC) && sync_now(descriptor, file)) return -1;
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
