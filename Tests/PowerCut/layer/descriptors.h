/* What each descriptor of this process is. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H
#include "shadow.h"

/* A path below the root, in `buffer` of PATH_MAX; NULL: not ours. `folder` as openat takes it. */
const char *ours(int folder, const char *path, char *buffer);
/* NULL: nothing of ours. */
struct file *of(int descriptor);
void hold(int descriptor, struct file *file);
/* Whether the disk refuses a change at the moment; sets errno. */
bool refuses(bool is_write);
#endif
