#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int poller = -1;
static struct sockaddr_in server;
static unsigned sources = 1, next_source, serial;

uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int epoll(void) {
    if (poller < 0 && (poller = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        perror("epoll");
        exit(1);
    }
    return poller;
}

void target(int port, unsigned count) {
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sources = count;
}

static void listen_for(struct client *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(epoll(), operation, c->fd, &event);
}

int client_open(struct client *c) {
    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .serial = ++serial};
    if (c->fd < 0) return 0;
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // The port is chosen at connect, so that it need be free for this one server only.
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    // 127.0.1.1 up: 250 addresses in each network.
    unsigned n = next_source++ % sources;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(0x7F000101 + (n / 250 << 8) + n % 250)}};
    if (bind(c->fd, (struct sockaddr *)&own, sizeof own) < 0
        || (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)) {
        close(c->fd);
        c->fd = -1;
        return 0;
    }
    listen_for(c, EPOLL_CTL_ADD, EPOLLIN);
    return 1;
}

void client_close(struct client *c) {
    if (c->fd < 0) return;
    close(c->fd);
    c->fd = -1;
    dialogue.closed(c);
}

static void flush(struct client *c) {
    while (c->left > 0) {
        ssize_t count = send(c->fd, c->rest, c->left, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) return listen_for(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        // The reading side will see the end too.
        if (count < 0) return;
        c->rest += count;
        c->left -= (size_t)count;
    }
    c->sent = now();
}

void client_send(struct client *c, const char *text, size_t length) {
    c->rest = text;
    c->left = length;
    flush(c);
}

/// "250-..." continues, "250 ..." ends a reply (RFC 5321 section 4.2.1).
static void take(struct client *c, const char *bytes, ssize_t count) {
    unsigned own = c->serial;
    for (ssize_t i = 0; i < count && c->fd >= 0 && c->serial == own; i++) {
        char byte = bytes[i];
        if (byte == '\n') {
            int code = c->code, more = c->more;
            c->column = c->code = c->more = 0;
            if (!more) dialogue.reply(c, code);
            continue;
        }
        if (c->column < 3) c->code = c->code * 10 + (byte - '0');
        if (c->column == 3) c->more = byte == '-';
        c->column++;
    }
}

static void readable(struct client *c) {
    char bytes[4096];
    ssize_t count = recv(c->fd, bytes, sizeof bytes, 0);
    if (count > 0) return take(c, bytes, count);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    client_close(c);
}

void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll(), EPOLL_CTL_ADD, fd, &event);
}

int serve(int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll(), events, 256, milliseconds), watched = 0;
    for (int i = 0; i < count; i++) {
        struct client *c = events[i].data.ptr;
        if (!c) {
            watched = 1;
            continue;
        }
        if (events[i].events & EPOLLOUT && c->fd >= 0) {
            listen_for(c, EPOLL_CTL_MOD, EPOLLIN);
            flush(c);
        }
        if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP) && c->fd >= 0) readable(c);
    }
    return watched ? 1 : count <= 0 ? -1 : 0;
}
