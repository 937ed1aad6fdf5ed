// The ABI's layout on 64-bit machines, as built. A line that no longer holds is a break: append instead, and raise POSTERN_ABI_MINOR.
#pragma once
#include <stddef.h>

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed its size")

_Static_assert(sizeof(void *) == 8, "Postern runs on 64-bit machines");
