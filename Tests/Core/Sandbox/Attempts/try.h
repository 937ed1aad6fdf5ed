#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTEMPT(name) static int name(const struct attempt_world *world __attribute__((unused)))
/// The verdict on one call: -1 is errno, anything else was possible.
#define VERDICT(call) ((call) < 0 ? errno : 0)

static inline const char *joined(char *buffer, size_t size, const char *folder, const char *name) {
    snprintf(buffer, size, "%s/%s", folder, name);
    return buffer;
}
