/* client SOCKET PID COUNT CONNECTIONS: asks a milter as an MTA does, COUNT header fields one after the other on each of so many connections at once,
 * and prints what a round trip takes: p50, p99 and max us, round trips a second, CPU us of each round trip here and in the process PID. Then the
 * same for whole messages of one recipient, four header fields and a body of 4 KiB: MAIL, RCPT, DATA, fields, end of header, body, end. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>

struct packet {
    char command;
    const char *bytes;
    size_t count;
};

static char body[4096];
static const struct packet opening[] = {{'C', "client.example\0004\x10\xE1" "192.0.2.1", 28}, {'H', "client.example", 15}};
static const struct packet field[] = {{'L', "Subject\0what a round trip takes", 32}};
static const struct packet envelope[] = {{'M', "<a@sender.example>", 19}, {'R', "<b@example.com>", 16}, {'T', "", 0}};
static const struct packet message[] = {
    {'M', "<a@sender.example>", 19}, {'R', "<b@example.com>", 16}, {'T', "", 0}, {'L', "From\0a@sender.example", 22},
    {'L', "To\0b@example.com", 17}, {'L', "Subject\0what a message takes", 29}, {'L', "Message-ID\0<1@sender.example>", 30}, {'N', "", 0},
    {'B', body, sizeof body}, {'E', "", 0},
};

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time)) fail("clock");
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void ask(int connection, const struct packet *packet) {
    char bytes[8192];
    uint32_t count = htonl((uint32_t)packet->count + 1);
    memcpy(bytes, &count, 4);
    bytes[4] = packet->command;
    memcpy(bytes + 5, packet->bytes, packet->count);
    if (write(connection, bytes, packet->count + 5) != (ssize_t)packet->count + 5) fail("write");
}

/* The answer's command. */
static char answer(int connection) {
    char bytes[512];
    size_t have = 0, want = 4;
    while (have < want) {
        ssize_t got = read(connection, bytes + have, want - have);
        if (got <= 0) fail("read");
        have += (size_t)got;
        if (have == 4 && want == 4) {
            uint32_t count;
            memcpy(&count, bytes, 4);
            want += ntohl(count);
            if (want > sizeof bytes) fail("a long answer");
        }
    }
    return bytes[4];
}

static void expect(int connection, const struct packet *packet, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ask(connection, packet + i);
        if (answer(connection) != 'c') fail("not `continue`");
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Goes through `packets` again and again on all connections; a time is that of the whole of them. */
static void measure(const char *name, struct pollfd *connections, int width, const struct packet *packets, size_t steps, uint64_t count, clockid_t filter) {
    uint64_t *times = malloc(count * sizeof *times), *began = calloc((size_t)width, sizeof *began);
    size_t *at = calloc((size_t)width, sizeof *at);
    if (!times || !began || !at) fail("memory");
    uint64_t started = 0, done = 0, start = nanoseconds(CLOCK_MONOTONIC);
    uint64_t own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), others = nanoseconds(filter);
    for (int i = 0; i < width && started < count; i++, started++) {
        began[i] = nanoseconds(CLOCK_MONOTONIC);
        ask(connections[i].fd, packets);
    }
    while (done < count) {
        if (poll(connections, (nfds_t)width, -1) < 0) fail("poll");
        for (int i = 0; i < width; i++) {
            if (!connections[i].revents) continue;
            if (answer(connections[i].fd) != 'c') fail("not `continue`");
            if (++at[i] == steps) {
                at[i] = 0;
                times[done++] = nanoseconds(CLOCK_MONOTONIC) - began[i];
                if (started == count) continue;
                started++;
                began[i] = nanoseconds(CLOCK_MONOTONIC);
            }
            ask(connections[i].fd, packets + at[i]);
        }
    }
    double seconds = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9, n = (double)count;
    own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - own;
    others = nanoseconds(filter) - others;
    qsort(times, count, sizeof *times, by_size);
    printf("| %s, %d at once | %.1f | %.1f | %.0f | %.0f | %.1f | %.1f |\n", name, width, (double)times[count / 2] / 1e3,
           (double)times[count * 99 / 100] / 1e3, (double)times[count - 1] / 1e3, n / seconds, (double)own / n / 1e3, (double)others / n / 1e3);
    fflush(stdout);
    free(times), free(began), free(at);
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: client SOCKET PID COUNT CONNECTIONS\n"), 2;
    int width = atoi(arguments[4]);
    uint64_t calls = strtoull(arguments[3], NULL, 10);
    clockid_t filter;
    if (clock_getcpuclockid(atoi(arguments[2]), &filter)) fail("no such process");
    memset(body, 'x', sizeof body);
    struct pollfd *connections = calloc((size_t)width, sizeof *connections);
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    strncpy(place.sun_path, arguments[1], sizeof place.sun_path - 1);
    /* Version 6; all changes, no step left out. */
    static const struct packet negotiate = {'O', "\0\0\0\006\0\0\001\377\0\0\0\0", 12};
    for (int i = 0; i < width; i++) {
        connections[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        connections[i].events = POLLIN;
        if (connect(connections[i].fd, (struct sockaddr *)&place, sizeof place)) fail("connect");
        ask(connections[i].fd, &negotiate);
        if (answer(connections[i].fd) != 'O') fail("no negotiation");
        expect(connections[i].fd, opening, 2);
        expect(connections[i].fd, envelope, 3);
    }
    measure("warm", connections, width, field, 1, calls / 10 + 1, filter);
    measure("milter, a callback", connections, width, field, 1, calls, filter);
    for (int i = 0; i < width; i++) {
        static const struct packet abort_ = {'A', "", 0};
        ask(connections[i].fd, &abort_);
    }
    measure("milter, the ten callbacks of a message", connections, width, message, 10, calls / 10 + 1, filter);
    return 0;
}
