/* Descriptors: opened elsewhere, copied and closed here. */
#define _GNU_SOURCE
#include "descriptors.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* Takes out `.`, `..` and what is empty. */
static void tidy(char *path) {
    char *to = path;
    for (char *from = path; *from;) {
        while (*from == '/') from++;
        size_t length = strcspn(from, "/");
        if (length == 2 && !strncmp(from, "..", 2)) {
            while (to > path && *--to != '/') {}
        } else if (length && !(length == 1 && *from == '.')) {
            *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = 0;
}

const char *ours(int folder, const char *path, char *buffer) {
    if (!shadow_root[0] || !path) return NULL;
    char place[PATH_MAX] = "", link[64];
    if (path[0] != '/' && folder == AT_FDCWD) {
        if (!getcwd(place, sizeof place)) return NULL;
    } else if (path[0] != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, place, sizeof place - 1);
        if (length < 0) return NULL;
        place[length] = 0;
    }
    if (strlen(place) + strlen(path) + 2 > PATH_MAX) return NULL;
    stpcpy(stpcpy(stpcpy(buffer, place), "/"), path);
    tidy(buffer);
    return shadow_relative(buffer);
}

struct file *of(int descriptor) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS) return NULL;
    struct file *file = __atomic_load_n(&table[descriptor], __ATOMIC_ACQUIRE);
    if (!file || file->is_folder) return file;
    /* Closed inside the C library, and another's by now? */
    struct stat status;
    return fstat(descriptor, &status) == 0 && status.st_ino == file->inode && status.st_dev == file->device ? file : NULL;
}

void hold(int descriptor, struct file *file) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) __atomic_store_n(&table[descriptor], file, __ATOMIC_RELEASE);
}

bool refuses(bool is_write) {
    struct fault fault = fault_now();
    if (fault.is_read_only) return errno = EROFS, true;
    if (is_write && fault_hits(fault.write_fails)) return errno = EIO, true;
    return false;
}

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

/* Its third argument is an int or a pointer: passed on as it came. */
static int controlled(int descriptor, int command, long argument) {
    int code = REAL(fcntl)(descriptor, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(descriptor, code) : code;
}
#define LAST(last) ({ va_list list_; va_start(list_, last); long value_ = va_arg(list_, long); va_end(list_); value_; })
int fcntl(int descriptor, int command, ...) { return controlled(descriptor, command, LAST(command)); }
int fcntl64(int descriptor, int command, ...) { return controlled(descriptor, command, LAST(command)); }
