// The ABI's layout on 64-bit machines, as built. A line that no longer holds is a break: append instead, and raise POSTERN_ABI_MINOR.
#include "postern/entry.h"
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

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed its size")

_Static_assert(sizeof(void *) == 8, "Postern runs on 64-bit machines");

AT(postern_bytes, data, 0);
AT(postern_bytes, length, 8);
SIZE(postern_bytes, 16);

AT(postern_ref, region, 0);
AT(postern_ref, flags, 4);
AT(postern_ref, offset, 8);
AT(postern_ref, length, 16);
SIZE(postern_ref, 24);

AT(postern_mask, words, 0);
AT(postern_mask, count, 8);
SIZE(postern_mask, 16);

AT(postern_session, size, 0);
AT(postern_session, flags, 4);
AT(postern_session, id, 8);
AT(postern_session, connected_at, 16);
AT(postern_session, client, 24);
AT(postern_session, client_family, 40);
AT(postern_session, client_port, 44);
AT(postern_session, helo, 48);
AT(postern_session, login, 64);
AT(postern_session, tls_version, 80);
AT(postern_session, tls_cipher, 96);
SIZE(postern_session, 112);

AT(postern_recipient, size, 0);
AT(postern_recipient, address, 8);
AT(postern_recipient, domain, 24);
AT(postern_recipient, policy_domain, 40);
SIZE(postern_recipient, 56);

AT(postern_transaction, size, 0);
AT(postern_transaction, flags, 4);
AT(postern_transaction, declared_size, 8);
AT(postern_transaction, reverse_path, 16);
AT(postern_transaction, reverse_path_domain, 32);
AT(postern_transaction, queue_id, 48);
AT(postern_transaction, recipient_count, 64);
AT(postern_transaction, context, 72);
AT(postern_transaction, recipient, 80);
SIZE(postern_transaction, 88);

AT(postern_message, size, 0);
AT(postern_message, flags, 4);
AT(postern_message, received_at, 8);
AT(postern_message, raw, 16);
AT(postern_message, content, 40);
SIZE(postern_message, 48);

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

AT(postern_verdict_builder, size, 0);
AT(postern_verdict_builder, context, 8);
AT(postern_verdict_builder, add_symbol, 16);
AT(postern_verdict_builder, propose, 24);
AT(postern_verdict_builder, add_header, 32);
AT(postern_verdict_builder, fail, 40);
AT(postern_verdict_builder, require, 48);
SIZE(postern_verdict_builder, 56);

AT(postern_host, size, 0);
AT(postern_host, abi_major, 4);
AT(postern_host, abi_minor, 8);
AT(postern_host, context, 16);
AT(postern_host, name, 24);
AT(postern_host, extension, 32);
AT(postern_host, view, 40);
AT(postern_host, cancelled, 48);
AT(postern_host, cancel_operation, 56);
SIZE(postern_host, 64);

AT(postern_completion, size, 0);
AT(postern_completion, status, 4);
AT(postern_completion, operation, 8);
AT(postern_completion, result, 16);
SIZE(postern_completion, 24);

AT(postern_call, size, 0);
AT(postern_call, phase, 4);
AT(postern_call, reason, 8);
AT(postern_call, recipient, 12);
AT(postern_call, host, 16);
AT(postern_call, run, 24);
AT(postern_call, session, 32);
AT(postern_call, transaction, 40);
AT(postern_call, message, 48);
AT(postern_call, domain, 56);
AT(postern_call, slot, 72);
AT(postern_call, recipients, 88);
AT(postern_call, completions, 104);
AT(postern_call, completion_count, 112);
AT(postern_call, completion_size, 116);
AT(postern_call, outcome, 120);
AT(postern_call, route, 128);
AT(postern_call, peer, 136);
SIZE(postern_call, 144);

AT(postern_outcome_symbol, name, 0);
AT(postern_outcome_symbol, score, 16);
SIZE(postern_outcome_symbol, 24);

AT(postern_outcome, size, 0);
AT(postern_outcome, kind, 4);
AT(postern_outcome, phase, 8);
AT(postern_outcome, attempts, 12);
AT(postern_outcome, time, 16);
AT(postern_outcome, status, 24);
AT(postern_outcome, text, 40);
AT(postern_outcome, next_hop, 56);
AT(postern_outcome, score, 72);
AT(postern_outcome, symbols, 80);
AT(postern_outcome, symbol_count, 88);
AT(postern_outcome, symbol_size, 92);
SIZE(postern_outcome, 96);

AT(postern_route, size, 0);
AT(postern_route, flags, 4);
AT(postern_route, destination, 8);
SIZE(postern_route, 24);

AT(postern_certificate, der, 0);
AT(postern_certificate, public_key, 16);
SIZE(postern_certificate, 32);

AT(postern_peer, size, 0);
AT(postern_peer, flags, 4);
AT(postern_peer, host, 8);
AT(postern_peer, address, 24);
AT(postern_peer, family, 40);
AT(postern_peer, port, 44);
AT(postern_peer, tls_version, 48);
AT(postern_peer, tls_cipher, 64);
AT(postern_peer, certificates, 80);
AT(postern_peer, certificate_count, 88);
AT(postern_peer, certificate_size, 92);
AT(postern_peer, names, 96);
AT(postern_peer, name_count, 104);
AT(postern_peer, name_size, 108);
SIZE(postern_peer, 112);

AT(postern_requirement, size, 0);
AT(postern_requirement, flags, 4);
AT(postern_requirement, minimum_tls, 8);
AT(postern_requirement, ttl, 12);
AT(postern_requirement, names, 16);
AT(postern_requirement, name_count, 24);
AT(postern_requirement, name_size, 28);
AT(postern_requirement, hosts, 32);
AT(postern_requirement, host_count, 40);
AT(postern_requirement, host_size, 44);
AT(postern_requirement, reason, 48);
SIZE(postern_requirement, 64);

AT(postern_problems, size, 0);
AT(postern_problems, context, 8);
AT(postern_problems, add, 16);
SIZE(postern_problems, 24);

AT(postern_plugin, size, 0);
AT(postern_plugin, create_instance, 8);
AT(postern_plugin, destroy_instance, 16);
AT(postern_plugin, on_phase, 24);
AT(postern_plugin, check_config, 32);
SIZE(postern_plugin, 40);

AT(postern_entry, size, 0);
AT(postern_entry, abi_major, 4);
AT(postern_entry, abi_minor, 8);
AT(postern_entry, id, 16);
AT(postern_entry, version, 24);
AT(postern_entry, plugin, 32);
AT(postern_entry, load, 40);
AT(postern_entry, unload, 48);
SIZE(postern_entry, 56);

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

AT(postern_timer, size, 0);
AT(postern_timer, start, 8);
SIZE(postern_timer, 16);

AT(postern_log, size, 0);
AT(postern_log, context, 8);
AT(postern_log, write, 16);
SIZE(postern_log, 24);

AT(postern_clock, size, 0);
AT(postern_clock, now, 8);
SIZE(postern_clock, 16);

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

AT(postern_cache, size, 0);
AT(postern_cache, context, 8);
AT(postern_cache, get, 16);
AT(postern_cache, put, 24);
AT(postern_cache, remove, 32);
SIZE(postern_cache, 40);

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

AT(postern_random, size, 0);
AT(postern_random, context, 8);
AT(postern_random, fill, 16);
AT(postern_random, u64, 24);
SIZE(postern_random, 32);

AT(postern_token_result, size, 0);
AT(postern_token_result, bytes, 8);
SIZE(postern_token_result, 24);

AT(postern_tokens, size, 0);
AT(postern_tokens, context, 8);
AT(postern_tokens, begin, 16);
AT(postern_tokens, complete, 24);
SIZE(postern_tokens, 32);
