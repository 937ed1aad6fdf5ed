// What a message consists of.
#include "layout.h"

#include "postern/content.h"

AT(postern_part, size, 0);
AT(postern_part, kind, 4);
AT(postern_part, parent, 8);
AT(postern_part, alternative_to, 12);
AT(postern_part, flags, 16);
AT(postern_part, path, 24);
AT(postern_part, declared_type, 40);
AT(postern_part, detected_type, 56);
AT(postern_part, charset, 72);
AT(postern_part, transfer_encoding, 88);
AT(postern_part, disposition, 104);
AT(postern_part, content_id, 120);
AT(postern_part, header, 136);
AT(postern_part, raw, 160);
AT(postern_part, decoded, 184);
AT(postern_part, name_count, 208);
AT(postern_part, sha256, 216);
SIZE(postern_part, 248);

AT(postern_text, size, 0);
AT(postern_text, part, 4);
AT(postern_text, source, 8);
AT(postern_text, text, 16);
SIZE(postern_text, 40);

AT(postern_url, size, 0);
AT(postern_url, part, 4);
AT(postern_url, source, 8);
AT(postern_url, flags, 12);
AT(postern_url, raw, 16);
AT(postern_url, canonical, 32);
AT(postern_url, host, 48);
AT(postern_url, anchor, 64);
AT(postern_url, span, 80);
SIZE(postern_url, 104);

AT(postern_content, size, 0);
AT(postern_content, built, 4);
AT(postern_content, gaps, 8);
AT(postern_content, part_count, 12);
AT(postern_content, text_count, 16);
AT(postern_content, url_count, 20);
AT(postern_content, context, 24);
AT(postern_content, part, 32);
AT(postern_content, name, 40);
AT(postern_content, text, 48);
AT(postern_content, url, 56);
SIZE(postern_content, 64);
