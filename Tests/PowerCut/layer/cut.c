/* The cut: what was synced, and by chance some of what was not, becomes a folder of its own; then this process is killed. */
#define _GNU_SOURCE
#include "shadow.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t seed;
static unsigned chance; /* of 100 */
/* Syncs since the plan came; the one to cut at, 0: none. */
static unsigned syncs, cut_at, within;
static bool has_plan, cuts_after, lies, fails;

static unsigned next_random(void) {
    uint64_t z = seed += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (unsigned)((z ^ z >> 31) >> 33);
}

unsigned cut_random(void) { return next_random(); }
bool cut_keeps_nothing(void) { return false; }
bool cut_keeps_half(void) { return next_random() & 1; }
bool cut_keeps_all(void) { return true; }

static bool by_chance(void) { return next_random() % 100 < chance; }

/* Applies what is pending to a copy of `file` at `path`. */
static void finish(const struct file *file, const char *path, bool (*keeps)(void)) {
    int descriptor = REAL(open)(path, O_WRONLY);
    for (const struct change *change = file->first; change; change = change->next) shadow_apply(descriptor, change, keeps);
    REAL(close)(descriptor);
}

static void copy(const char *from, const char *to) {
    int in = REAL(open)(from, O_RDONLY), out = REAL(open)(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char buffer[65536];
    for (ssize_t count; in >= 0 && (count = read(in, buffer, sizeof buffer)) > 0;) (void)!REAL(write)(out, buffer, count);
    REAL(close)(in);
    REAL(close)(out);
}

static bool is_same(const char *one, const char *other) {
    int a = REAL(open)(one, O_RDONLY), b = REAL(open)(other, O_RDONLY);
    char first[65536], second[65536];
    ssize_t count = -1, same = -1;
    while (a >= 0 && b >= 0) {
        count = read(a, first, sizeof first);
        same = read(b, second, sizeof second);
        if (count <= 0 || count != same || memcmp(first, second, count)) break;
    }
    REAL(close)(a);
    REAL(close)(b);
    return count == 0 && same == 0;
}

/* Durable and pending together must be what stands in the folder: else a write went past us, and is told. */
static void compare(const struct file *folder, FILE *missed) {
    struct entry *entries = NULL;
    for (const struct entry *entry = folder->entries; entry; entry = entry->next)
        shadow_set(&entries, &(struct change){.name = entry->name, .file = entry->file});
    for (const struct change *change = folder->first; change; change = change->next) shadow_set(&entries, change);
    char live[2 * PATH_MAX], inode[PATH_MAX], whole[PATH_MAX];
    int known = 0, there = 0;
    for (const struct entry *entry = entries; entry; entry = entry->next) {
        struct stat status;
        snprintf(live, sizeof live, "%s/%s%s%s", shadow_root, folder->path, *folder->path ? "/" : "", entry->name);
        known++;
        if (lstat(live, &status)) {
            if (!folder->is_lossy) fprintf(missed, "%s: is not there\n", live);
        } else if (entry->file->is_folder) {
            compare(entry->file, missed);
        } else if (!entry->file->is_mapped && !entry->file->is_lossy) {
            shadow_inode_path(entry->file, inode);
            snprintf(whole, sizeof whole, "%s/whole", shadow_image);
            copy(inode, whole);
            finish(entry->file, whole, NULL);
            if (!is_same(live, whole)) fprintf(missed, "%s: differs\n", live);
        }
    }
    snprintf(live, sizeof live, "%s/%s", shadow_root, folder->path);
    DIR *stream = opendir(live);
    for (struct dirent *found; stream && (found = readdir(stream));) there += strcmp(found->d_name, ".") && strcmp(found->d_name, "..");
    if (stream) closedir(stream);
    if (known != there && !folder->is_lossy) fprintf(missed, "%s: %d names, %d known\n", live, there, known);
}

/* Links the files of a durable folder into the tree. */
static void lay(struct file *folder, const char *to) {
    for (struct change *change = folder->first; change; change = change->next)
        if (by_chance()) shadow_set(&folder->entries, change);
    mkdir(to, 0700);
    for (struct entry *entry = folder->entries; entry; entry = entry->next) {
        char path[2 * PATH_MAX], inode[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", to, entry->name);
        if (entry->file->is_folder) {
            lay(entry->file, path);
            continue;
        }
        shadow_inode_path(entry->file, inode);
        if (entry->file->is_mapped && chance == 100) {
            char live[2 * PATH_MAX];
            snprintf(live, sizeof live, "%s/%s%s%s", shadow_root, folder->path, *folder->path ? "/" : "", entry->name);
            copy(live, inode);
        } else if (entry->file->first) {
            finish(entry->file, inode, by_chance);
            entry->file->first = NULL; /* A second name of the same file. */
        }
        if (REAL(link)(inode, path)) copy(inode, path);
    }
}

/* Makes the image, and kills this process. */
static void __attribute__((noreturn)) cut(const char *why) {
    char path[sizeof shadow_image + 16];
    snprintf(path, sizeof path, "%s/missed", shadow_image);
    FILE *missed = fopen(path, "w");
    compare(shadow_folder(""), missed);
    fclose(missed);
    snprintf(path, sizeof path, "%s/tree", shadow_image);
    lay(shadow_folder(""), path);
    snprintf(path, sizeof path, "%s/cut", shadow_image);
    FILE *told = fopen(path, "w");
    fprintf(told, "%s, of what was not synced %u%% stay\n", why, chance);
    fclose(told);
    for (;;) kill(getpid(), SIGKILL);
}

bool cut_lies(void) { return lies; }
bool cut_fails(void) { return fails && syncs >= cut_at; }

static void cut_here(const char *when) {
    char why[64];
    snprintf(why, sizeof why, "%s sync %u", when, cut_at);
    cut(why);
}

void cut_before_sync(void) {
    if (!has_plan || ++syncs != cut_at || cuts_after || fails) return;
    shadow_unlock();
    usleep(20000);
    shadow_lock();
    cut_here("before");
}

void cut_after_sync(void) {
    if (has_plan && syncs == cut_at && !fails) cut_here("after");
}

/* `before N KEEPS SEED`, `after N KEEPS SEED`: at the Nth sync from now; `within N KEEPS SEED`: in N milliseconds; `failing N
   KEEPS SEED`: from the Nth sync on all fail, and a moment later. KEEPS: what is not synced
   and stays nevertheless: nothing, some, everything. With `lies` behind it syncs take no effect from now on. */
static bool read_plan(const char *path) {
    char text[128], when[16] = "", keeps[16] = "", more[16] = "";
    int descriptor = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    ssize_t length = read(descriptor, text, sizeof text - 1);
    REAL(close)(descriptor);
    text[length > 0 ? length : 0] = 0;
    unsigned number = 0;
    unsigned long long given = 1;
    if (sscanf(text, "%15s %u %15s %llu %15s", when, &number, keeps, &given, more) < 4) return false;
    seed = given;
    unsigned some[] = {2, 10, 50, 90, 98};
    chance = !strcmp(keeps, "nothing") ? 0 : !strcmp(keeps, "everything") ? 100 : some[next_random() % 5];
    lies = !strcmp(more, "lies");
    cuts_after = !strcmp(when, "after");
    fails = !strcmp(when, "failing");
    bool is_timed = !strcmp(when, "within");
    cut_at = is_timed ? 0 : number;
    within = is_timed ? number : 0;
    return has_plan = true;
}

static void *watch(void *path) {
    while (!has_plan) {
        usleep(1000);
        shadow_lock();
        if (!has_plan) read_plan(path);
        shadow_unlock();
    }
    if (cut_at && !fails) return NULL;
    while (fails && __atomic_load_n(&syncs, __ATOMIC_RELAXED) < cut_at) usleep(1000);
    usleep(fails ? 150000 : within * 1000);
    shadow_lock();
    if (fails) cut_here("while all syncs fail from");
    cut("at no sync");
}

void cut_begin(void) {
    char *path = getenv("POSTERN_POWERCUT_PLAN");
    pthread_t thread;
    if (!path) return;
    read_plan(path);
    if ((!cut_at || fails) && pthread_create(&thread, NULL, watch, path)) abort();
}
