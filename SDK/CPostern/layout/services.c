// The extensions.
#include "layout.h"

#include "postern/ext/cache.h"
#include "postern/ext/clock.h"
#include "postern/ext/dns.h"
#include "postern/ext/http.h"
#include "postern/ext/log.h"
#include "postern/ext/metrics.h"
#include "postern/ext/random.h"
#include "postern/ext/state.h"
#include "postern/ext/timer.h"
#include "postern/ext/token.h"
#include "postern/ext/verdicts.h"

AT(postern_cache, size, 0);
AT(postern_cache, context, 8);
AT(postern_cache, get, 16);
AT(postern_cache, put, 24);
AT(postern_cache, remove, 32);
SIZE(postern_cache, 40);

AT(postern_clock, size, 0);
AT(postern_clock, now, 8);
SIZE(postern_clock, 16);

AT(postern_dns_question, name, 0);
AT(postern_dns_question, type, 16);
AT(postern_dns_question, flags, 20);
SIZE(postern_dns_question, 24);

AT(postern_dns_answer, size, 0);
AT(postern_dns_answer, status, 4);
AT(postern_dns_answer, security, 8);
AT(postern_dns_answer, ttl, 12);
AT(postern_dns_answer, records, 16);
AT(postern_dns_answer, record_count, 24);
AT(postern_dns_answer, record_size, 28);
AT(postern_dns_answer, canonical_name, 32);
AT(postern_dns_answer, detail, 48);
SIZE(postern_dns_answer, 64);

AT(postern_dns, size, 0);
AT(postern_dns, resolve, 8);
SIZE(postern_dns, 16);

AT(postern_http_header, name, 0);
AT(postern_http_header, value, 16);
SIZE(postern_http_header, 32);

AT(postern_http_request, size, 0);
AT(postern_http_request, flags, 4);
AT(postern_http_request, method, 8);
AT(postern_http_request, url, 24);
AT(postern_http_request, headers, 40);
AT(postern_http_request, header_count, 48);
AT(postern_http_request, header_size, 52);
AT(postern_http_request, body, 56);
AT(postern_http_request, timeout, 72);
AT(postern_http_request, most_bytes, 80);
SIZE(postern_http_request, 88);

AT(postern_http_response, size, 0);
AT(postern_http_response, status, 4);
AT(postern_http_response, code, 8);
AT(postern_http_response, flags, 12);
AT(postern_http_response, headers, 16);
AT(postern_http_response, header_count, 24);
AT(postern_http_response, header_size, 28);
AT(postern_http_response, body, 32);
AT(postern_http_response, detail, 48);
SIZE(postern_http_response, 64);

AT(postern_http, size, 0);
AT(postern_http, request, 8);
SIZE(postern_http, 16);

AT(postern_log, size, 0);
AT(postern_log, context, 8);
AT(postern_log, write, 16);
SIZE(postern_log, 24);

AT(postern_metric_label, name, 0);
AT(postern_metric_label, values, 16);
AT(postern_metric_label, value_count, 24);
AT(postern_metric_label, value_size, 28);
SIZE(postern_metric_label, 32);

AT(postern_metric_definition, size, 0);
AT(postern_metric_definition, kind, 4);
AT(postern_metric_definition, name, 8);
AT(postern_metric_definition, labels, 24);
AT(postern_metric_definition, label_count, 32);
AT(postern_metric_definition, label_size, 36);
SIZE(postern_metric_definition, 40);

AT(postern_metrics, size, 0);
AT(postern_metrics, context, 8);
AT(postern_metrics, define, 16);
AT(postern_metrics, record, 24);
AT(postern_metrics, set, 32);
SIZE(postern_metrics, 40);

AT(postern_random, size, 0);
AT(postern_random, context, 8);
AT(postern_random, fill, 16);
AT(postern_random, u64, 24);
SIZE(postern_random, 32);

AT(postern_state_operation, kind, 0);
AT(postern_state_operation, flags, 4);
AT(postern_state_operation, condition, 8);
AT(postern_state_operation, limit, 12);
AT(postern_state_operation, key, 16);
AT(postern_state_operation, value, 32);
AT(postern_state_operation, after, 48);
AT(postern_state_operation, version, 64);
AT(postern_state_operation, duration, 72);
AT(postern_state_operation, amount, 80);
SIZE(postern_state_operation, 88);

AT(postern_state_entry, key, 0);
AT(postern_state_entry, value, 16);
AT(postern_state_entry, version, 32);
AT(postern_state_entry, expires_at, 40);
SIZE(postern_state_entry, 48);

AT(postern_state_result, size, 0);
AT(postern_state_result, status, 4);
AT(postern_state_result, version, 8);
AT(postern_state_result, expires_at, 16);
AT(postern_state_result, sum, 24);
AT(postern_state_result, value, 32);
AT(postern_state_result, entries, 48);
AT(postern_state_result, entry_count, 56);
AT(postern_state_result, entry_size, 60);
AT(postern_state_result, more, 64);
AT(postern_state_result, detail, 72);
SIZE(postern_state_result, 88);

AT(postern_state, size, 0);
AT(postern_state, submit, 8);
SIZE(postern_state, 16);

AT(postern_timer, size, 0);
AT(postern_timer, start, 8);
SIZE(postern_timer, 16);

AT(postern_token_result, size, 0);
AT(postern_token_result, bytes, 8);
SIZE(postern_token_result, 24);

AT(postern_tokens, size, 0);
AT(postern_tokens, context, 8);
AT(postern_tokens, begin, 16);
AT(postern_tokens, complete, 24);
SIZE(postern_tokens, 32);

AT(postern_earlier_verdict, size, 0);
AT(postern_earlier_verdict, flags, 4);
AT(postern_earlier_verdict, phase, 8);
AT(postern_earlier_verdict, result, 12);
AT(postern_earlier_verdict, filter, 16);
AT(postern_earlier_verdict, detail, 32);
SIZE(postern_earlier_verdict, 48);

AT(postern_finding, size, 0);
AT(postern_finding, verdict, 4);
AT(postern_finding, symbol, 8);
AT(postern_finding, factor, 24);
AT(postern_finding, score, 32);
AT(postern_finding, detail, 40);
AT(postern_finding, recipients, 56);
SIZE(postern_finding, 72);

AT(postern_verdicts, size, 0);
AT(postern_verdicts, verdict_count, 8);
AT(postern_verdicts, verdict, 16);
AT(postern_verdicts, finding_count, 24);
AT(postern_verdicts, finding, 32);
SIZE(postern_verdicts, 40);
