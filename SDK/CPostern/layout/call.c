// What a plugin exports, and what it is called with.
#include "layout.h"

#include "postern/entry.h"
#include "postern/host.h"
#include "postern/message.h"
#include "postern/plugin.h"
#include "postern/types.h"
#include "postern/verdict.h"

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

AT(postern_entry, size, 0);
AT(postern_entry, abi_major, 4);
AT(postern_entry, abi_minor, 8);
AT(postern_entry, id, 16);
AT(postern_entry, version, 24);
AT(postern_entry, plugin, 32);
AT(postern_entry, load, 40);
AT(postern_entry, unload, 48);
SIZE(postern_entry, 56);

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

AT(postern_verdict_builder, size, 0);
AT(postern_verdict_builder, context, 8);
AT(postern_verdict_builder, add_symbol, 16);
AT(postern_verdict_builder, propose, 24);
AT(postern_verdict_builder, add_header, 32);
AT(postern_verdict_builder, fail, 40);
AT(postern_verdict_builder, require, 48);
SIZE(postern_verdict_builder, 56);
