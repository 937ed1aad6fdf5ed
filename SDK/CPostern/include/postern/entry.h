/* The one symbol that a plugin exports. */
#ifndef POSTERN_ENTRY_H
#define POSTERN_ENTRY_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lifetime: the process; a library is never unmapped. */
typedef struct postern_entry {
    uint32_t size;
    uint32_t abi_major; /* POSTERN_ABI_MAJOR of the headers that it was built with */
    uint32_t abi_minor;
    uint32_t reserved;
    const char *id;      /* the manifest's `id`; ASCII, NUL-terminated */
    const char *version; /* the manifest's `version` */
    const postern_plugin *plugin;

    /* [config] [may-block] Once per loaded library, before anything else. Fetch extensions here. `host` lives as long as the module. On
     * failure add a problem (its pointer empty) and return FAILED. Null: nothing to do; the module is then null. */
    postern_status (*load)(const struct postern_entry *self, const postern_host *host, postern_problems *problems,
                           postern_module **module);

    /* [config] Once, when all instances are gone. */
    void (*unload)(postern_module *module);
} postern_entry;

#define POSTERN_EXPORT __attribute__((visibility("default")))

/* [config] Null when the plugin cannot speak `host_abi_major`. Must not do anything else: validators call it. */
POSTERN_EXPORT const postern_entry *postern_plugin_entry(uint32_t host_abi_major);

#ifdef __cplusplus
}
#endif
#endif
