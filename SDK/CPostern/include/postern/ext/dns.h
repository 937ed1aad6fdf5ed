/* postern.dns/1: questions to the DNS, answered with their DNSSEC status. The host's resolver caches and validates. */
#ifndef POSTERN_EXT_DNS_H
#define POSTERN_EXT_DNS_H

#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POSTERN_EXT_DNS "postern.dns/1"

/* Lifetime: call. */
typedef struct postern_dns_question {
    postern_bytes name; /* presentation form without final dot (RFC 1035 section 5.1); at most 1024 bytes */
    uint32_t type;      /* 1 A, 12 PTR, 15 MX, 16 TXT, 28 AAAA, 52 TLSA ... */
    uint32_t flags;     /* 0 */
} postern_dns_question;

/* postern_dns_answer.status */
#define POSTERN_DNS_FOUND 0       /* at least one record of the type asked for */
#define POSTERN_DNS_NO_DATA 1     /* the name exists, without that type */
#define POSTERN_DNS_NAME_ERROR 2  /* NXDOMAIN */
#define POSTERN_DNS_FAILED 3      /* SERVFAIL, REFUSED, malformed, bogus: not known, and not the same as "not there" */
#define POSTERN_DNS_TIMEOUT 4
#define POSTERN_DNS_CANCELLED 5

/* postern_dns_answer.security (RFC 4035 section 4.3) */
#define POSTERN_DNS_INDETERMINATE 0
#define POSTERN_DNS_INSECURE 1
#define POSTERN_DNS_SECURE 2
#define POSTERN_DNS_BOGUS 3

/* The result of a completion. Lifetime: run. */
typedef struct postern_dns_answer {
    uint32_t size;
    int32_t status;
    int32_t security;
    uint32_t ttl; /* seconds */
    const postern_bytes *records; /* RDATA in wire form, names in it uncompressed */
    uint32_t record_count;
    uint32_t record_size;          /* the stride of `records` */
    postern_bytes canonical_name;  /* the end of a CNAME chain, else empty */
    postern_bytes detail;          /* UTF-8: why, when FAILED */
} postern_dns_answer;

/* Lifetime: module. */
typedef struct postern_dns {
    uint32_t size;
    uint32_t reserved;
    /* [loop] [pool] Asks `count` questions together; `question_size` is the stride of `questions`. Fills operations[0 ..< count]. All or
     * none: LIMIT when the run would have more than 256 operations under way, INVALID for a bad question. */
    postern_status (*resolve)(const postern_call *call, const postern_dns_question *questions, uint32_t count, uint32_t question_size,
                              uint64_t *operations);
} postern_dns;

#ifdef __cplusplus
}
#endif
#endif
