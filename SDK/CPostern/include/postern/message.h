/* What a call tells about the session, the transaction and the message. All of it is the host's and is not changed during a run. */
#ifndef POSTERN_MESSAGE_H
#define POSTERN_MESSAGE_H

#include "content.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* postern_session.flags */
#define POSTERN_SESSION_OUTBOUND 1u /* from our domains to the world; else inbound */
#define POSTERN_SESSION_ESMTP 2u    /* EHLO was said */
#define POSTERN_SESSION_HELO 4u     /* HELO or EHLO was said: `helo` counts */
#define POSTERN_SESSION_TLS 8u      /* encrypted: `tls_version`, `tls_cipher` count */
#define POSTERN_SESSION_LOGIN 16u   /* authenticated: `login` counts */

/* One TCP lifetime. Lifetime: run. */
typedef struct postern_session {
    uint32_t size;
    uint32_t flags;
    uint64_t id;              /* unique in this gateway process */
    int64_t connected_at;     /* microseconds since 1970 */
    uint8_t client[16];       /* network order; IPv4: the first four, the rest 0 */
    uint32_t client_family;   /* 4 or 6 */
    uint32_t client_port;
    postern_bytes helo;       /* as the client wrote it */
    postern_bytes login;
    postern_bytes tls_version; /* "TLSv1.3" */
    postern_bytes tls_cipher;
} postern_session;

/* One RCPT TO. Lifetime of its bytes: run. */
typedef struct postern_recipient {
    uint32_t size; /* in: the caller's sizeof; out: the bytes that the host has filled, for POSTERN_HAS */
    uint32_t flags;
    postern_bytes address; /* local-part@domain, the domain in lower case */
    postern_bytes domain;
    postern_bytes policy_domain; /* the configured domain that judges it */
} postern_recipient;

/* postern_transaction.flags */
#define POSTERN_TRANSACTION_8BITMIME 1u
#define POSTERN_TRANSACTION_SMTPUTF8 2u
#define POSTERN_TRANSACTION_NULL_SENDER 4u  /* MAIL FROM:<> */
#define POSTERN_TRANSACTION_DECLARED_SIZE 8u /* SIZE= was given */

/* From MAIL to the end of data. Lifetime: run. */
typedef struct postern_transaction {
    uint32_t size;
    uint32_t flags;
    uint64_t declared_size;
    postern_bytes reverse_path;        /* without angle brackets; empty for the null sender */
    postern_bytes reverse_path_domain; /* in lower case */
    postern_bytes queue_id;            /* empty while there is none */
    uint32_t recipient_count;          /* so far; indices are 0 ..< recipient_count */
    uint32_t reserved;
    void *context; /* the host's */
    /* [loop] [pool] Fills `out`, whose size the caller has set. INVALID: no such index. */
    postern_status (*recipient)(const struct postern_transaction *self, uint32_t index, postern_recipient *out);
} postern_transaction;

/* A message whose end of data has come. Lifetime of what the refs name: transaction, and at least the run. */
typedef struct postern_message {
    uint32_t size;
    uint32_t flags;
    int64_t received_at; /* microseconds since 1970 */
    postern_ref raw;     /* header and body, CR LF line ends, as they came; forged fields of ours cut out */
    const postern_content *content; /* null: the manifest needs nothing of it */
} postern_message;

#ifdef __cplusplus
}
#endif
#endif
