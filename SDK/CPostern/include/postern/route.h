/* The phase `route`: where mail is about to go, and what a filter demands of the way there. Asked once per destination while the answer holds, not
 * for each message: session is empty, transaction and message are null. Demands of several filters are met all; none relaxes another, nor
 * what the operator has configured. A filter that has no verdict (unless its slot says `skip` or `reject`), or proposes to defer, defers the
 * delivery; a proposed rejection bounces it. */
#ifndef POSTERN_ROUTE_H
#define POSTERN_ROUTE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* postern_route.flags */
#define POSTERN_ROUTE_MX 1u       /* to the MX hosts of `destination`; else to servers that the operator named */
#define POSTERN_ROUTE_OUTBOUND 2u /* mail that our domains send; else what goes to their own servers */

/* Lifetime: run. */
typedef struct postern_route {
    uint32_t size;
    uint32_t flags;
    postern_bytes destination; /* the recipients' domain in lower case and A-labels, or the first of the servers' names */
} postern_route;

/* postern_requirement.minimum_tls */
#define POSTERN_TLS_UNDEMANDED 0u
#define POSTERN_TLS_1_2 1u
#define POSTERN_TLS_1_3 2u

/* postern_requirement.flags */
#define POSTERN_REQUIRE_VERIFIED 1u /* a certificate chain that this machine trusts, with one of `names`; TLS 1.2 at least */

/* Lifetime: call. */
typedef struct postern_requirement {
    uint32_t size;
    uint32_t flags;
    uint32_t minimum_tls;
    uint32_t ttl;               /* seconds for which this holds, at most 86400; 0: 60 */
    const postern_bytes *names; /* VERIFIED: "mx.example.com"; none: the server's own; at most 32 */
    uint32_t name_count;
    uint32_t name_size;         /* the stride of `names` */
    const postern_bytes *hosts; /* of which a server's name must match one: "mx.example.com", "*.example.com"; none: any; at most 32 */
    uint32_t host_count;
    uint32_t host_size;         /* the stride of `hosts` */
    postern_bytes reason;       /* UTF-8: who demands it, for logs */
} postern_requirement;

#ifdef __cplusplus
}
#endif
#endif
