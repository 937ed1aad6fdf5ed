#include "try.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <sys/un.h>

static int loopback(int kind, int port, int (*join)(int, const struct sockaddr *, socklen_t)) {
    int handle = socket(AF_INET, kind, 0);
    if (handle < 0) return errno;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return VERDICT(join(handle, (struct sockaddr *)&address, sizeof address));
}

ATTEMPT(tcp_connect) { return loopback(SOCK_STREAM, world->port, connect); }
ATTEMPT(tcp_listen) {
    int handle = socket(AF_INET6, SOCK_STREAM, 0);
    if (handle < 0) return errno;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    if (bind(handle, (struct sockaddr *)&any, sizeof any)) return errno;
    return VERDICT(listen(handle, 1));
}
/// Listening without bind(2) takes a free port.
ATTEMPT(tcp_listen_unbound) {
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    return handle < 0 ? errno : VERDICT(listen(handle, 1));
}
/// A question to a name server, as any resolver asks it.
ATTEMPT(udp_send) {
    int handle = socket(AF_INET, SOCK_DGRAM, 0);
    if (handle < 0) return errno;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return VERDICT(sendto(handle, "?", 1, 0, (struct sockaddr *)&server, sizeof server));
}
ATTEMPT(raw_socket) { return VERDICT(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
ATTEMPT(packet_socket) { return VERDICT(socket(AF_PACKET, SOCK_RAW, 0)); }
ATTEMPT(netlink_socket) { return VERDICT(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)); }
ATTEMPT(unix_connect) {
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    if (handle < 0) return errno;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, world->socket, sizeof address.sun_path - 1);
    return VERDICT(connect(handle, (struct sockaddr *)&address, sizeof address));
}
ATTEMPT(abstract_connect) {
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    if (handle < 0) return errno;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "postern-%d", world->abstract);
    return VERDICT(connect(handle, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)));
}
ATTEMPT(socket_pair) {
    int pair[2];
    return VERDICT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}
ATTEMPT(hand_over_descriptor) {
    char byte = 'd', room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &world->shared, sizeof(int));
    return VERDICT(sendmsg(world->control, &message, 0));
}
ATTEMPT(socket_option) {
    int size = 1 << 20;
    return VERDICT(setsockopt(world->control, SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
}

const struct attempt socket_attempts[] = {
    {"TCP: connect to loopback", tcp_connect},
    {"TCP: bind and listen", tcp_listen},
    {"TCP: listen without bind", tcp_listen_unbound},
    {"UDP: a question to a name server", udp_send},
    {"raw socket (ICMP)", raw_socket},
    {"packet socket", packet_socket},
    {"netlink socket", netlink_socket},
    {"Unix socket: connect by path", unix_connect},
    {"Unix socket: connect by abstract name", abstract_connect},
    {"socketpair", socket_pair},
    {"hand a descriptor to the gateway (sendmsg)", hand_over_descriptor},
    {"setsockopt on the control socket", socket_option},
    {NULL, NULL},
};
