/* What a message consists of: parts, text, URLs. Shown to plugins whose manifest names them under `needs`; built once for all of them. */
#ifndef POSTERN_CONTENT_H
#define POSTERN_CONTENT_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* postern_content.built */
#define POSTERN_CONTENT_PARTS 1u
#define POSTERN_CONTENT_TEXT 2u
#define POSTERN_CONTENT_URLS 4u

/* postern_part.kind */
#define POSTERN_PART_LEAF 0u      /* it has bytes of its own: text, an attachment */
#define POSTERN_PART_MULTIPART 1u /* its children are what it is made of */
#define POSTERN_PART_MESSAGE 2u   /* message/rfc822 and the like: its one child is that message */

#define POSTERN_NO_PART UINT32_MAX

/* postern_part.flags: what is odd about it. Later versions know more. */
#define POSTERN_ODD_BROKEN_HEADER (UINT64_C(1) << 0)       /* its header ends at a line that is no field */
#define POSTERN_ODD_DUPLICATE_FIELD (UINT64_C(1) << 1)     /* Content-Type, -Transfer-Encoding or -Disposition twice, and different */
#define POSTERN_ODD_DUPLICATE_PARAMETER (UINT64_C(1) << 2) /* one parameter twice, and different */
#define POSTERN_ODD_PARAMETER (UINT64_C(1) << 3)           /* a parameter that readers take apart differently */
#define POSTERN_ODD_TYPE (UINT64_C(1) << 4)                /* a type that cannot be read */
#define POSTERN_ODD_ENCODING (UINT64_C(1) << 5)            /* an unknown transfer encoding, or one where none may be */
#define POSTERN_ODD_BOUNDARY (UINT64_C(1) << 6)            /* no boundary, or one that no reader is bound to find */
#define POSTERN_ODD_NO_PARTS (UINT64_C(1) << 7)            /* a multipart in which no part begins */
#define POSTERN_ODD_UNCLOSED (UINT64_C(1) << 8)            /* the closing boundary is missing */
#define POSTERN_ODD_BOUNDARY_LOOKALIKE (UINT64_C(1) << 9)  /* a line that some readers take for a boundary */
#define POSTERN_ODD_BASE64 (UINT64_C(1) << 10)             /* foreign characters, data behind padding, a wrong length */
#define POSTERN_ODD_QUOTED_PRINTABLE (UINT64_C(1) << 11)
#define POSTERN_ODD_ENCODED_FILE (UINT64_C(1) << 12)  /* uuencode, yEnc or BinHex that breaks its own rules */
#define POSTERN_ODD_HEADER_BYTES (UINT64_C(1) << 13)  /* 8-bit bytes in the header that are no UTF-8 */
#define POSTERN_ODD_NUL (UINT64_C(1) << 14)           /* NUL bytes */
#define POSTERN_ODD_CHARSET (UINT64_C(1) << 15)       /* an unknown charset, or bytes that are none of it */
#define POSTERN_ODD_NAMES_DIFFER (UINT64_C(1) << 16)  /* readers find different names */
#define POSTERN_ODD_NAME (UINT64_C(1) << 17)          /* a name with control or right-to-left letters, a path, a dot or blank at its end */
#define POSTERN_ODD_LIMIT (UINT64_C(1) << 18)         /* more parts, levels, names, fields, elements or rules than are looked at */
#define POSTERN_ODD_ENCRYPTED (UINT64_C(1) << 19)     /* S/MIME or PGP */
#define POSTERN_ODD_SIGNED (UINT64_C(1) << 20)        /* S/MIME or PGP */
#define POSTERN_ODD_TNEF (UINT64_C(1) << 21)          /* application/ms-tnef */
#define POSTERN_ODD_PARTIAL (UINT64_C(1) << 22)       /* message/partial: a piece of a message that nobody sees whole */
#define POSTERN_ODD_EXTERNAL_BODY (UINT64_C(1) << 23) /* message/external-body: what it shows is elsewhere */
#define POSTERN_ODD_OUTSIDE_PARTS (UINT64_C(1) << 24) /* more than a hint in front of the first or behind the last part */
#define POSTERN_ODD_EMBEDDED (UINT64_C(1) << 25)      /* a file inside text: uuencode, yEnc, BinHex, armoured PGP */
#define POSTERN_ODD_TYPE_MISMATCH (UINT64_C(1) << 26) /* declared and detected type differ in kind */
#define POSTERN_ODD_ENCODED_WORD (UINT64_C(1) << 27)  /* an encoded word (RFC 2047) that breaks its rules */
#define POSTERN_ODD_HEADER_SPLIT (UINT64_C(1) << 28)  /* readers do not agree where the header ends */
#define POSTERN_ODD_HIDDEN_TEXT (UINT64_C(1) << 29)   /* a page with text that no reader sees */
#define POSTERN_ODD_ZERO_WIDTH (UINT64_C(1) << 30)    /* characters of no width in a page's text */
#define POSTERN_ODD_BIDI (UINT64_C(1) << 31)          /* characters or markup in a page that turn the direction of text */
#define POSTERN_ODD_CONDITIONAL (UINT64_C(1) << 32)   /* a page that is another one for Outlook */
#define POSTERN_ODD_SCRIPT (UINT64_C(1) << 33)        /* a page with programs in it */
#define POSTERN_ODD_FORM (UINT64_C(1) << 34)          /* a page with a form */

/* One part (RFC 2045), or one more reading of a part that mainstream readers read differently. Its refs' flags are its gaps.
 * Lifetime of its bytes: run; of its refs: transaction. */
typedef struct postern_part {
    uint32_t size; /* in: the caller's sizeof; out: the bytes that the host has filled, for POSTERN_HAS */
    uint32_t kind;
    uint32_t parent;         /* POSTERN_NO_PART: the message itself */
    uint32_t alternative_to; /* the part whose bytes this reads otherwise; POSTERN_NO_PART: the first reading */
    uint64_t flags;          /* POSTERN_ODD_* */
    postern_bytes path;      /* as IMAP numbers parts, `1.2`; empty: the message itself; `1.2~1`: another reading */
    postern_bytes declared_type; /* `type/subtype` in lower case */
    postern_bytes detected_type; /* from the decoded bytes; empty: they tell nothing */
    postern_bytes charset;       /* as declared, in lower case */
    postern_bytes transfer_encoding;
    postern_bytes disposition;
    postern_bytes content_id;
    postern_ref header;
    postern_ref raw;
    postern_ref decoded; /* without the transfer encoding; length 0 for what is no leaf */
    uint32_t name_count; /* see postern_content.name */
    uint32_t reserved;
    uint8_t sha256[32]; /* of `decoded`; zeros for what is no leaf, and where no filter needs parts */
} postern_part;

/* postern_text.source */
#define POSTERN_TEXT_PLAIN 0u
#define POSTERN_TEXT_HTML 1u   /* HTML as it is rendered */
#define POSTERN_TEXT_HIDDEN 2u /* in the HTML, but no reader sees it */
#define POSTERN_TEXT_SUBJECT 3u

/* Text as a reader sees it, in UTF-8. Lifetime of its ref: transaction. */
typedef struct postern_text {
    uint32_t size; /* as in postern_part */
    uint32_t part; /* its index */
    uint32_t source;
    uint32_t reserved;
    postern_ref text;
} postern_text;

/* postern_url.source */
#define POSTERN_URL_TEXT 0u     /* `https://...` in text */
#define POSTERN_URL_NAME 1u     /* a plain name that clients turn into a link */
#define POSTERN_URL_DEFANGED 2u /* `hxxp://example[.]com` */
#define POSTERN_URL_LINK 3u     /* what HTML links to, forms too */
#define POSTERN_URL_FETCH 4u    /* what a client fetches by itself */
#define POSTERN_URL_REFRESH 5u  /* meta refresh */
#define POSTERN_URL_HEADER 6u   /* a header field */

/* postern_url.flags */
#define POSTERN_URL_USER_INFO 1u      /* `user@` in front of the host */
#define POSTERN_URL_ADDRESS 2u        /* the host is an address */
#define POSTERN_URL_HIDDEN_ADDRESS 4u /* and is written so that people do not see one */
#define POSTERN_URL_ENCODED 8u        /* percent or entity encoding where none is needed */
#define POSTERN_URL_IDN 16u
#define POSTERN_URL_MALFORMED 32u /* none by the standard; clients may still follow it */
#define POSTERN_URL_RELATIVE 64u  /* resolved against <base> */
#define POSTERN_URL_TRUNCATED 128u
#define POSTERN_URL_DISGUISED 256u /* backslashes, tabs or line ends inside, which clients take away */
#define POSTERN_URL_HIDDEN 512u    /* in a page's text that no reader sees, or a link around it */

/* A link, or what clients make one of. Lifetime of its bytes: run; of its ref: transaction. */
typedef struct postern_url {
    uint32_t size; /* as in postern_part */
    uint32_t part; /* its index */
    uint32_t source;
    uint32_t flags;
    postern_bytes raw;       /* as written */
    postern_bytes canonical; /* by the WHATWG URL standard; empty: malformed */
    postern_bytes host;      /* as `canonical` has it */
    postern_bytes anchor;    /* the text that a reader sees of the link */
    postern_ref span;        /* where it stands */
} postern_url;

/* Indices are 0 ..< the count. Lifetime: run. */
typedef struct postern_content {
    uint32_t size;
    uint32_t built; /* POSTERN_CONTENT_*: what the manifest needs */
    uint32_t gaps;  /* POSTERN_REF_*: of all parts together */
    uint32_t part_count;
    uint32_t text_count;
    uint32_t url_count;
    void *context; /* the host's */
    /* [loop] [pool] Fills `out`, whose size the caller has set. INVALID: no such index. */
    postern_status (*part)(const struct postern_content *self, uint32_t index, postern_part *out);
    /* [loop] [pool] One of the names that readers could take for the part's file name, the likeliest first; UTF-8, lifetime: run. */
    postern_status (*name)(const struct postern_content *self, uint32_t part, uint32_t index, postern_bytes *out);
    /* [loop] [pool] As `part`. */
    postern_status (*text)(const struct postern_content *self, uint32_t index, postern_text *out);
    /* [loop] [pool] As `part`. */
    postern_status (*url)(const struct postern_content *self, uint32_t index, postern_url *out);
} postern_content;

#ifdef __cplusplus
}
#endif
#endif
