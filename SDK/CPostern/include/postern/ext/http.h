/* postern.http/1: requests to HTTP servers that the manifest's `egress` names. The host resolves names, keeps connections, and verifies
 * certificates; it follows no redirect. */
#ifndef POSTERN_EXT_HTTP_H
#define POSTERN_EXT_HTTP_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_HTTP "postern.http/1"

/* Lifetime: that of the array it stands in. */
typedef struct postern_http_header {
    postern_bytes name;  /* a token (RFC 9110 section 5.6.2) */
    postern_bytes value; /* no control characters but tab */
} postern_http_header;

/* Lifetime: call. */
typedef struct postern_http_request {
    uint32_t size;
    uint32_t flags;       /* 0 */
    postern_bytes method; /* GET HEAD POST PUT PATCH DELETE OPTIONS; empty: GET */
    postern_bytes url;    /* "https://host[:port]/path?query", ASCII, at most 8192 bytes; no user, no fragment */
    /* At most 64, together 16 KiB. Host, Connection, Content-Length, Transfer-Encoding, TE, Trailer, Upgrade and Expect are the host's. */
    const postern_http_header *headers;
    uint32_t header_count;
    uint32_t header_size; /* the stride of `headers` */
    postern_bytes body;   /* at most 1 MiB */
    uint64_t timeout;     /* microseconds for all of it; 0: 10 seconds; at most 120 seconds */
    uint64_t most_bytes;  /* of the answer's body, the rest is cut off; 0: 64 KiB; at most 1 MiB */
} postern_http_request;

/* postern_http_response.status */
#define POSTERN_HTTP_ANSWERED 0 /* the server's own answer, whatever its `code` */
#define POSTERN_HTTP_FAILED 1   /* no connection, no valid certificate, no HTTP, a broken answer: `detail` says which */
#define POSTERN_HTTP_TIMEOUT 2
#define POSTERN_HTTP_REFUSED 3 /* the host did not ask: too many requests under way, or an address that the egress rule does not cover */

/* postern_http_response.flags */
#define POSTERN_HTTP_TRUNCATED 1u /* the body goes on past `most_bytes` */

/* The result of a completion. Lifetime: run. */
typedef struct postern_http_response {
    uint32_t size;
    int32_t status;
    uint32_t code;  /* 200 to 599 */
    uint32_t flags;
    const postern_http_header *headers; /* as they came; names in any case */
    uint32_t header_count;
    uint32_t header_size; /* the stride of `headers` */
    postern_bytes body;   /* without transfer coding */
    postern_bytes detail; /* UTF-8: why there is no answer */
} postern_http_response;

/* Lifetime: module. */
typedef struct postern_http {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [pool] INVALID: a malformed request. LIMIT: too long, or more than 256 operations under way. FORBIDDEN: the manifest's egress does
     * not name the URL's scheme, host and port; counted. */
    postern_status (*request)(const postern_call *call, const postern_http_request *request, uint64_t *operation);
} postern_http;

#ifdef __cplusplus
}
#endif
#endif
