/* filter SOCKET: a milter that is asked at every step and does nothing. */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

static sfsistat on_connect(SMFICTX *context, char *name, _SOCK_ADDR *address) { return (void)context, (void)name, (void)address, SMFIS_CONTINUE; }
static sfsistat on_text(SMFICTX *context, char *text) { return (void)context, (void)text, SMFIS_CONTINUE; }
static sfsistat on_address(SMFICTX *context, char **words) { return (void)context, (void)words, SMFIS_CONTINUE; }
static sfsistat on_header(SMFICTX *context, char *name, char *value) { return (void)context, (void)name, (void)value, SMFIS_CONTINUE; }
static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t count) { return (void)context, (void)bytes, (void)count, SMFIS_CONTINUE; }
static sfsistat on_step(SMFICTX *context) { return (void)context, SMFIS_CONTINUE; }

int main(int count, char **arguments) {
    if (count != 2) return fprintf(stderr, "usage: filter SOCKET\n"), 2;
    struct smfiDesc filter = {
        .xxfi_name = "nothing", .xxfi_version = SMFI_VERSION, .xxfi_connect = on_connect, .xxfi_helo = on_text,
        .xxfi_envfrom = on_address, .xxfi_envrcpt = on_address, .xxfi_header = on_header, .xxfi_eoh = on_step, .xxfi_body = on_body,
        .xxfi_eom = on_step, .xxfi_data = on_step,
    };
    char place[512];
    snprintf(place, sizeof place, "unix:%s", arguments[1]);
    if (smfi_setconn(place) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS || smfi_opensocket(1) != MI_SUCCESS) return 1;
    return smfi_main();
}
