/* The phase `peer`: the server at the end of a way, seen before it hears of any message. The call's `route` says what for. Asked once in a connection
 * for each (domain, destination) while the configuration is the same; session is empty, transaction and message are null. Without a
 * proposal the mail goes on. A proposal to defer, or a filter that has no verdict (unless its slot says `skip` or `reject`), passes this server
 * over: others of the destination are tried, and without any the mail waits. A proposed rejection does the same, but when no server is left
 * that may be used later, the mail bounces. No server is ever given mail in clear because its certificate was refused here. */
#ifndef POSTERN_PEER_H
#define POSTERN_PEER_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* postern_peer.flags */
#define POSTERN_PEER_TLS 1u      /* encrypted: `tls_version`, `certificates`, `names` count */
#define POSTERN_PEER_VERIFIED 2u /* the operator or a filter demanded a trusted chain and a name, and both were found to be so */
#define POSTERN_PEER_LMTP 4u

/* Lifetime: that of the array it stands in. */
typedef struct postern_certificate {
    postern_bytes der;
    postern_bytes public_key; /* SubjectPublicKeyInfo in DER; empty: it could not be found */
} postern_certificate;

/* Lifetime: run. */
typedef struct postern_peer {
    uint32_t size;
    uint32_t flags;
    postern_bytes host;        /* the MX host's or the configured name, or its address; the path of a socket */
    uint8_t address[16];       /* network order; IPv4: the first four, the rest 0 */
    uint32_t family;           /* 4 or 6; 0: a socket of this machine */
    uint32_t port;
    postern_bytes tls_version; /* "TLSv1.3" */
    postern_bytes tls_cipher;  /* empty: not known */
    const postern_certificate *certificates; /* the server's own first; what else it presented, in its order: not with VERIFIED */
    uint32_t certificate_count;
    uint32_t certificate_size; /* the stride of `certificates` */
    const postern_bytes *names; /* host names of the first certificate, in lower case, maybe "*.example.com" */
    uint32_t name_count;
    uint32_t name_size;        /* the stride of `names` */
} postern_peer;

#ifdef __cplusplus
}
#endif
#endif
