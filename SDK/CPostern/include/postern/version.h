/* The ABI's version, and the rule by which structs grow.
 *
 * Major 0 is a draft: it may break between releases, and a host loads its own minor only. From 1 on a host loads every plugin of its
 * major. */
#ifndef POSTERN_VERSION_H
#define POSTERN_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define POSTERN_ABI_MAJOR 0u
#define POSTERN_ABI_MINOR 4u

/* Every struct that crosses begins with `uint32_t size`, set by whoever allocated it; where the other side fills it, it writes back how
 * many bytes it has filled. Structs grow at the tail only. Those without a size are frozen for ever: postern_bytes, postern_ref and
 * postern_mask; arrays of others have a stride beside them (`element_size`). Ask before you read a
 * field that your minor version did not start with: true when the other side's struct reaches to the field's end. */
#define POSTERN_HAS(ptr, field)                                                                                                            \
    ((size_t)(ptr)->size >= (size_t)((const char *)&(ptr)->field - (const char *)(ptr)) + sizeof((ptr)->field))

#endif
