/* Texts as the ABI has them, for the filters of tests. */
#pragma once
#include <string.h>

#include "postern/types.h"

static inline postern_bytes bytes(const char *text) {
    postern_bytes b = {(const uint8_t *)text, strlen(text)};
    return b;
}

/* What follows `name` up to a blank, a comma, a quotation mark, a brace or the end of the line; empty when it is not there. */
static inline void after(postern_bytes text, const char *name, char *out, size_t size) {
    const uint8_t *found = memmem(text.data, text.length, name, strlen(name));
    size_t n = 0;
    if (found)
        for (const uint8_t *at = found + strlen(name); at < text.data + text.length && *at > ' ' && !strchr("\",}", *at) && n + 1 < size;)
            out[n++] = (char)*at++;
    out[n] = 0;
}
