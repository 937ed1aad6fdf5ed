// One SMTP client among thousands: a non-blocking connection on a shared epoll, which says when a reply is complete.
#ifndef CLIENT_H
#define CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct client {
    int fd;
    /// Another for each connection: what a closed one left is not taken for the next one's.
    unsigned serial;
    /// Where in its dialogue it is, for the mode's use.
    int step;
    int messages;
    /// Microseconds (see `now`): when the transaction began, when its last byte was handed to the system.
    uint64_t began, sent;
    /// The reply that is being read: column of its line, its code, whether a line follows.
    int column, code, more;
    /// What is still to be written.
    const char *rest;
    size_t left;
};

/// What a mode does on each event. `reply` comes once per reply, after its last line; `closed` once, after which the client can be used again.
struct dialogue {
    void (*reply)(struct client *, int code);
    void (*closed)(struct client *);
};

extern struct dialogue dialogue;

/// Microseconds of a clock that never steps.
uint64_t now(void);

/// Where to connect, and how many source addresses (127.0.x.y) the connections take in turn.
void target(int port, unsigned sources);
/// False when the system refused, as for want of descriptors or ports.
int client_open(struct client *);
/// `text` must outlive the writing.
void client_send(struct client *, const char *text, size_t length);
void client_close(struct client *);

/// Has epoll say when `fd` can be read; see `serve`.
void watch(int fd);
/// Handles what is there, waiting `milliseconds` at most. 1 when the watched descriptor can be read, -1 when nothing happened at all.
int serve(int milliseconds);

#endif
