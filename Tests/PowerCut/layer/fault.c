/* What the disk does wrong, as the file POSTERN_DISKFAULT says at this moment: `slow MS`, `sync-loses N`, `sync-fails N`, `write-fails N` (one in
   N), `syncs-of NAME` (only files of that name), `full`, `read-only`, one a line. No file, or an empty one: nothing. */
#define _GNU_SOURCE
#include "shadow.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault fault_now(void) {
    struct fault fault = {0};
    const char *path = getenv("POSTERN_DISKFAULT");
    if (!path) return fault;
    char text[256];
    int descriptor = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fault;
    ssize_t length = read(descriptor, text, sizeof text - 1);
    REAL(close)(descriptor);
    text[length > 0 ? length : 0] = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        sscanf(line, "slow %u", &fault.slow_ms);
        sscanf(line, "sync-loses %u", &fault.sync_loses);
        sscanf(line, "sync-fails %u", &fault.sync_fails);
        sscanf(line, "syncs-of %31s", fault.sync_name);
        sscanf(line, "write-fails %u", &fault.write_fails);
        fault.is_full |= !strcmp(line, "full");
        fault.is_read_only |= !strcmp(line, "read-only");
    }
    return fault;
}

bool fault_hits(unsigned one_in) {
    static unsigned count;
    return one_in && __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) % one_in == 0;
}
