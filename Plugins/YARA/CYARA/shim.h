// libyara's header, and its lists as functions: they are macros over unions, which Swift does not see.
#pragma once
#include <yara.h>

static inline const char *yara_rule_name(const YR_RULE *rule) { return rule->identifier; }
static inline const char *yara_rule_namespace(const YR_RULE *rule) { return rule->ns->name; }

// Tags: texts one after the other, the last one empty. NULL: none.
static inline const char *yara_rule_tags(const YR_RULE *rule) { return rule->tags; }

// The first, or the one after `meta`; NULL at the end.
static inline const YR_META *yara_next_meta(const YR_RULE *rule, const YR_META *meta) {
    if (meta == NULL) return rule->metas;
    return META_IS_LAST_IN_RULE(meta) ? NULL : meta + 1;
}
static inline const char *yara_meta_name(const YR_META *meta) { return meta->identifier; }
static inline const char *yara_meta_text(const YR_META *meta) { return meta->type == META_TYPE_STRING ? meta->string : NULL; }
static inline int yara_meta_is_number(const YR_META *meta) { return meta->type == META_TYPE_INTEGER; }

static inline const YR_STRING *yara_next_string(const YR_RULE *rule, const YR_STRING *string) {
    if (string == NULL) return rule->strings;
    return STRING_IS_LAST_IN_RULE(string) ? NULL : string + 1;
}
static inline const char *yara_string_name(const YR_STRING *string) { return string->identifier; }
// Where it was found first; -1: nowhere.
static inline int64_t yara_first_match(const YR_SCAN_CONTEXT *context, const YR_STRING *string) {
    for (const YR_MATCH *match = context->matches[string->idx].head; match != NULL; match = match->next)
        if (!match->is_private) return match->base + match->offset;
    return -1;
}
static inline uint32_t yara_rule_count(const YR_RULES *rules) { return rules->num_rules; }
