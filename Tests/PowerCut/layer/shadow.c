/* The shadow itself: inodes, what is durable of them, and what is not yet. */
#define _GNU_SOURCE
#include "shadow.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS 4096
char shadow_root[1024], shadow_image[1024];
struct file *shadow_folders;
static struct file *buckets[BUCKETS];
static int newest;
static bool has_begun;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void shadow_lock(void) { pthread_mutex_lock(&lock); }
void shadow_unlock(void) { pthread_mutex_unlock(&lock); }

static void *need(void *memory) {
    if (!memory) abort();
    return memory;
}

const char *shadow_relative(const char *text) {
    size_t length = strlen(shadow_root);
    if (!length || strncmp(text, shadow_root, length)) return NULL;
    if (!text[length]) return text + length;
    return text[length] == '/' ? text + length + 1 : NULL;
}

struct file *shadow_folder(const char *relative) {
    for (struct file *folder = shadow_folders; folder; folder = folder->next)
        if (!strcmp(folder->path, relative)) return folder;
    return NULL;
}

struct file *shadow_parent(const char *relative, const char **name) {
    const char *slash = strrchr(relative, '/');
    char folder[PATH_MAX] = "";
    if (slash) memcpy(folder, relative, slash - relative);
    *name = slash ? slash + 1 : relative;
    return shadow_folder(folder);
}

struct file *shadow_find(dev_t device, ino_t inode) {
    for (struct file *file = buckets[inode % BUCKETS]; file; file = file->next)
        if (file->inode == inode && file->device == device) return file;
    return NULL;
}

/* A number that comes again belongs to the newest: it stands first. */
struct file *shadow_new(dev_t device, ino_t inode, const char *folder) {
    struct file *file = need(calloc(1, sizeof *file));
    *file = (struct file){.number = ++newest, .device = device, .inode = inode, .is_folder = folder != NULL};
    file->last = &file->first;
    struct file **list = folder ? &shadow_folders : &buckets[inode % BUCKETS];
    if (folder) file->path = need(strdup(folder));
    file->next = *list;
    *list = file;
    if (!folder) {
        char path[PATH_MAX];
        shadow_inode_path(file, path);
        REAL(close)(REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    }
    return file;
}

void shadow_inode_path(const struct file *file, char *path) { snprintf(path, PATH_MAX, "%s/inodes/%d", shadow_image, file->number); }

static struct change *add(struct file *file, int kind, size_t length) {
    struct change *change = need(calloc(1, sizeof *change + length));
    change->kind = kind;
    change->length = length;
    *file->last = change;
    file->last = &change->next;
    return change;
}

void shadow_bytes(struct file *file, off_t offset, const void *bytes, size_t length) {
    struct change *change = add(file, BYTES, length);
    change->offset = offset;
    memcpy(change->bytes, bytes, length);
}

void shadow_size(struct file *file, off_t size) { add(file, SIZE, 0)->offset = size; }

void shadow_entry(struct file *folder, const char *name, struct file *file, const char *gone) {
    struct change *change = add(folder, ENTRY, 0);
    change->name = name ? need(strdup(name)) : NULL;
    change->gone = gone ? need(strdup(gone)) : NULL;
    change->file = file;
}

void shadow_apply(int descriptor, const struct change *change, bool (*keeps)(void)) {
    if (change->kind == SIZE) {
        if (!keeps || keeps()) (void)!REAL(ftruncate)(descriptor, change->offset);
        return;
    }
    off_t end = change->offset + (off_t)change->length;
    for (off_t at = change->offset; at < end;) {
        off_t next = keeps ? (at / 512 + 1) * 512 : end;
        if (next > end) next = end;
        if (!keeps || keeps()) (void)!REAL(pwrite)(descriptor, change->bytes + (at - change->offset), next - at, at);
        at = next;
    }
}

static void forget(struct entry **entries, const char *name) {
    for (struct entry **at = entries; *at; at = &(*at)->next)
        if (!strcmp((*at)->name, name)) {
            struct entry *entry = *at;
            *at = entry->next;
            free(entry->name);
            free(entry);
            return;
        }
}

void shadow_set(struct entry **entries, const struct change *change) {
    if (change->gone) forget(entries, change->gone);
    if (!change->name) return;
    forget(entries, change->name);
    struct entry *entry = need(calloc(1, sizeof *entry));
    *entry = (struct entry){.next = *entries, .name = need(strdup(change->name)), .file = change->file};
    *entries = entry;
}

static void drop(struct file *file) {
    while (file->first) {
        struct change *change = file->first;
        file->first = change->next;
        free(change->name);
        free(change->gone);
        free(change);
    }
    file->last = &file->first;
}

static void write_down(struct file *file, bool (*keeps)(void)) {
    if (file->is_folder) {
        for (struct change *change = file->first; change; change = change->next)
            if (!keeps || keeps()) shadow_set(&file->entries, change);
    } else if (file->first) {
        char path[PATH_MAX];
        shadow_inode_path(file, path);
        int descriptor = REAL(open)(path, O_WRONLY);
        if (descriptor < 0) abort();
        for (struct change *change = file->first; change; change = change->next) shadow_apply(descriptor, change, keeps);
        REAL(close)(descriptor);
    }
    drop(file);
}

void shadow_sync(struct file *file) { write_down(file, NULL); }

void shadow_fail(struct file *file, bool (*keeps)(void)) {
    file->is_lossy = true;
    write_down(file, keeps);
}

/* Takes in one folder and what is in it. */
static struct file *take(const char *relative) {
    struct file *folder = shadow_new(0, 0, relative);
    char path[PATH_MAX + NAME_MAX];
    snprintf(path, sizeof path, "%s/%s", shadow_root, relative);
    DIR *stream = opendir(path);
    for (struct dirent *found; stream && (found = readdir(stream));) {
        if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, "..")) continue;
        char below[PATH_MAX], whole[2 * PATH_MAX];
        struct stat status;
        snprintf(below, sizeof below, "%s%s%s", relative, *relative ? "/" : "", found->d_name);
        snprintf(whole, sizeof whole, "%s/%s", shadow_root, below);
        if (lstat(whole, &status)) continue;
        struct file *file = NULL;
        if (S_ISDIR(status.st_mode)) file = take(below);
        if (S_ISREG(status.st_mode)) {
            file = shadow_new(status.st_dev, status.st_ino, NULL);
            int from = REAL(open)(whole, O_RDONLY);
            char buffer[65536];
            off_t offset = 0;
            for (ssize_t count; (count = read(from, buffer, sizeof buffer)) > 0; offset += count) shadow_bytes(file, offset, buffer, count);
            REAL(close)(from);
            shadow_sync(file);
        }
        if (file) shadow_entry(folder, found->d_name, file, NULL);
    }
    if (stream) closedir(stream);
    shadow_sync(folder);
    return folder;
}

void shadow_begin(void) {
    if (has_begun) return;
    has_begun = true;
    char path[sizeof shadow_image + 16];
    mkdir(shadow_image, 0700);
    snprintf(path, sizeof path, "%s/inodes", shadow_image);
    mkdir(path, 0700);
    take("");
    cut_begin();
}
