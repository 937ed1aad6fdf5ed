// What comes after a message was accepted: ways, servers, outcomes.
#include "layout.h"

#include "postern/outcome.h"
#include "postern/peer.h"
#include "postern/route.h"

AT(postern_route, size, 0);
AT(postern_route, flags, 4);
AT(postern_route, destination, 8);
SIZE(postern_route, 24);

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
