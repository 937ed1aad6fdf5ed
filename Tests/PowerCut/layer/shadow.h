/* What a disk would hold: for each file and folder under one root what is durable, and in order what has changed since. */
#ifndef SHADOW_H
#define SHADOW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One change that no sync has covered yet. */
struct change {
    struct change *next;
    enum { BYTES, SIZE, ENTRY } kind;
    /* BYTES: where they go; SIZE: the new size. */
    off_t offset;
    size_t length;
    /* ENTRY: `name` now means `file`, and `gone` means nothing; either may be NULL. */
    char *name, *gone;
    struct file *file;
    unsigned char bytes[];
};

/* A durable name in a folder. */
struct entry {
    struct entry *next;
    char *name;
    struct file *file;
};

/* An inode. Its durable content is the file of its number in the image's folder `inodes`. */
struct file {
    struct file *next;
    int number;
    dev_t device;
    ino_t inode;
    bool is_folder;
    /* Written through memory, which nobody sees: never durable. */
    bool is_mapped;
    /* A sync failed: what was pending stays in memory, and no later sync writes it. */
    bool is_lossy;
    /* Folders: below the root, "" for the root itself. */
    char *path;
    struct entry *entries;
    struct change *first, **last;
};

/* Everything below is called with the lock held, but for the lock itself. */
void shadow_lock(void);
void shadow_unlock(void);
/* The first time: takes in what is under the root, all of it durable. */
void shadow_begin(void);

extern char shadow_root[1024], shadow_image[1024];
extern struct file *shadow_folders;

/* Below the root, or NULL: "" for the root, "bodies/x". `text`: any absolute path. */
const char *shadow_relative(const char *text);
/* The folder of a path below the root, and its last part in `name`. NULL: there is none. */
struct file *shadow_parent(const char *relative, const char **name);
struct file *shadow_folder(const char *relative);
struct file *shadow_find(dev_t device, ino_t inode);
struct file *shadow_new(dev_t device, ino_t inode, const char *folder);

void shadow_bytes(struct file *file, off_t offset, const void *bytes, size_t length);
void shadow_size(struct file *file, off_t size);
void shadow_entry(struct file *folder, const char *name, struct file *file, const char *gone);
/* A sync of `file` takes effect. */
void shadow_sync(struct file *file);
/* A sync of `file` failed: what was pending will never be written again. `keeps`: which part of it has been, nevertheless. */
void shadow_fail(struct file *file, bool (*keeps)(void));

/* The folder of the image that holds the files' contents, as a path of `file` in it. */
void shadow_inode_path(const struct file *file, char *path);
/* Applies bytes or a size to an open file. `keeps`: which sector stays; NULL: all. */
void shadow_apply(int descriptor, const struct change *change, bool (*keeps)(void));
void shadow_set(struct entry **entries, const struct change *change);

/* cut.c: follows the file POSTERN_POWERCUT_PLAN from its first appearance: a thread of its own. */
void cut_begin(void);
/* A sync begins, or has taken effect. `unlocked`: waits a moment first, in which whoever speaks of it too early does so. */
void cut_before_sync(void);
void cut_after_sync(void);
/* Syncs take no effect. */
bool cut_lies(void);
/* Syncs fail from now on. */
bool cut_fails(void);
/* Of what a failed sync has written. */
bool cut_keeps_nothing(void);
bool cut_keeps_half(void);
bool cut_keeps_all(void);
unsigned cut_random(void);

/* fault.c: what the disk does wrong at the moment. */
struct fault {
    unsigned slow_ms;
    /* One in so many fails; 0: none. A sync that `loses` has written nothing; one that `fails` nothing, half of it or all. */
    unsigned sync_loses, sync_fails, write_fails;
    /* Only their syncs; empty: all. */
    char sync_name[32];
    bool is_full, is_read_only;
};
struct fault fault_now(void);
/* Whether this one is one of the `one_in`. */
bool fault_hits(unsigned one_in);

/* The functions behind the ones that we stand before. */
#define REAL(name) ({ static __typeof__(&name) real_; if (!real_) real_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name); real_; })
#endif
