// Many SMTP sessions from one thread, on loopback, from many source addresses. One line of key=value per measurement on standard output.
//
//   sessions idle PORT COUNT SECONDS       opens COUNT and waits for their greetings, SECONDS at most; then for each line on standard input,
//                                          says EHLO on all and reports again; ends with standard input
//   sessions churn PORT COUNT CONCURRENCY quit|ehlo            220, [EHLO,] QUIT
//   sessions refused PORT COUNT CONCURRENCY connect|rcpt       refused at once (from 4 addresses), or at RCPT
//   sessions active PORT SESSIONS SECONDS SIZE [MESSAGES]      each sends messages of SIZE bytes in a loop, MESSAGES in a session (0: any)
//   sessions hole PORT                     takes connections and never says a word: what is queued stays queued; ends with its parent
#include "client.h"
#include "latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/// Without any event for so long, a server does not answer any more.
#define PATIENCE_MS 30000
#define SAY(c, text) client_send(c, text "\r\n", sizeof text "\r\n" - 1)

struct dialogue dialogue;

static struct client *clients;
static long begun, ended, wanted, failed, good, other;
static uint64_t deadline;

static long number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 0) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

static void make_clients(long count) {
    clients = calloc((size_t)count, sizeof *clients);
    if (!clients) abort();
    for (long i = 0; i < count; i++) clients[i].fd = -1;
}

static void begin(struct client *c) {
    begun++;
    if (client_open(c)) return;
    perror("connect");
    exit(1);
}

/// Until all sessions that were wanted are over.
static void run_out(long concurrency) {
    make_clients(concurrency);
    uint64_t start = now();
    for (long i = 0; i < concurrency && begun < wanted; i++) begin(&clients[i]);
    while (ended < wanted)
        if (serve(PATIENCE_MS) < 0) break;
    double seconds = (double)(now() - start) / 1e6;
    printf("sessions=%ld good=%ld other=%ld unfinished=%ld seconds=%.3f per_second=%.0f\n", ended, good, other, wanted - ended, seconds,
        (double)ended / seconds);
}

static void next_session(struct client *c) {
    ended++;
    if (begun < wanted) begin(c);
}

// MARK: idle

static long greeted, said, answered;

static void idle_reply(struct client *c, int code) {
    if (code == 220 && c->step == 0) greeted++, c->step = 1;
    else if (code == 250 && c->step == 2) answered++, c->step = 1;
    else other++;
}

static void idle_closed(struct client *c) { (void)c, ended++; }

static void idle_report(long pending, uint64_t start) {
    printf("begun=%ld greeted=%ld answered=%ld waiting=%ld closed=%ld other=%ld seconds=%.3f\n", begun, greeted, answered, pending, ended,
        other, (double)(now() - start) / 1e6);
    fflush(stdout);
}

static void idle(long count, long seconds) {
    dialogue = (struct dialogue){idle_reply, idle_closed};
    make_clients(count);
    uint64_t start = now();
    deadline = start + (uint64_t)seconds * 1000000;
    // No more on their way at a time than a listening socket keeps.
    while (greeted + ended < count && now() < deadline) {
        while (begun < count && begun - greeted - ended < 256) {
            struct client *c = &clients[begun];
            begin(c);
        }
        serve(100);
    }
    idle_report(begun - greeted - ended, start);
    watch(0);
    char line[64];
    for (;;) {
        if (serve(1000) != 1) continue;
        if (read(0, line, sizeof line) <= 0) return;
        start = now();
        said = answered = 0;
        for (long i = 0; i < begun; i++) {
            if (clients[i].fd < 0 || clients[i].step != 1) continue;
            clients[i].step = 2;
            SAY(&clients[i], "EHLO client.test");
            said++;
            // So that neither side's buffers fill up.
            if (said % 256 == 0) serve(0);
        }
        long before = ended;
        deadline = now() + (uint64_t)seconds * 1000000;
        while (answered + (ended - before) < said && now() < deadline) serve(100);
        idle_report(said - answered, start);
    }
}

// MARK: churn, refused

static int says_ehlo;

static void churn_reply(struct client *c, int code) {
    if (code == 220 && says_ehlo) SAY(c, "EHLO client.test");
    else if (code == 220 || code == 250) SAY(c, "QUIT");
    else if (code == 221) good++;
    else other++, client_close(c);
}

static void refused_reply(struct client *c, int code) {
    if (code == 220) other++, SAY(c, "QUIT");
    else if (code >= 400) good++, client_close(c);
}

static void rcpt_reply(struct client *c, int code) {
    switch (c->step++) {
    case 0: return SAY(c, "EHLO client.test");
    case 1: return SAY(c, "MAIL FROM:<sender@client.test>");
    case 2: return SAY(c, "RCPT TO:<nobody@bench.test>");
    case 3:
        if (code >= 500) good++; else other++;
        return SAY(c, "QUIT");
    default: return;
    }
}

// MARK: active

static char *message;
static size_t message_size;
static long per_session, accepted;
static struct latency end_of_data, transaction;

/// `size` bytes with the header, every line ended by CR LF, and CR LF . CR LF behind.
static void make_message(size_t size) {
    static const char header[] = "From: Sender <sender@client.test>\r\nTo: Recipient <rcpt@bench.test>\r\nSubject: benchmark\r\n"
                                 "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMessage-ID: <benchmark@client.test>\r\n\r\n";
    if (size < sizeof header + 64) size = sizeof header + 64;
    message = malloc(size + 8);
    if (!message) abort();
    memset(message, 'x', size);
    memcpy(message, header, sizeof header - 1);
    for (size_t at = sizeof header - 1 + 72; at + 2 < size; at += 74) memcpy(message + at, "\r\n", 2);
    memcpy(message + size - 2, "\r\n.\r\n", 5);
    message_size = size + 3;
}

static void begin_transaction(struct client *c) {
    c->step = 2;
    c->began = now();
    SAY(c, "MAIL FROM:<sender@client.test>");
}

static void active_reply(struct client *c, int code) {
    if (code >= 400) {
        failed++;
        if (failed <= 3) fprintf(stderr, "refused at step %d: %d\n", c->step, code);
        return client_close(c);
    }
    switch (c->step) {
    case 0:
        c->step = 1;
        return SAY(c, "EHLO client.test");
    case 1: return begin_transaction(c);
    case 2:
        c->step = 3;
        return SAY(c, "RCPT TO:<rcpt@bench.test>");
    case 3:
        c->step = 4;
        return SAY(c, "DATA");
    case 4:
        c->step = 5;
        return client_send(c, message, message_size);
    case 5: {
        uint64_t end = now();
        latency_add(&end_of_data, end - c->sent);
        latency_add(&transaction, end - c->began);
        accepted++;
        if (end < deadline && (per_session == 0 || ++c->messages < per_session)) return begin_transaction(c);
        c->step = 6;
        return SAY(c, "QUIT");
    }
    default: return;
    }
}

static void active_closed(struct client *c) {
    ended++;
    if (now() < deadline && failed < 1000) begin(c);
}

static void active(long sessions, long seconds) {
    dialogue = (struct dialogue){active_reply, active_closed};
    make_clients(sessions);
    uint64_t start = now();
    deadline = start + (uint64_t)seconds * 1000000;
    for (long i = 0; i < sessions; i++) begin(&clients[i]);
    while (ended < begun)
        if (serve(PATIENCE_MS) < 0) break;
    double took = (double)(now() - start) / 1e6;
    printf("accepted=%ld failed=%ld sessions=%ld unfinished=%ld seconds=%.3f per_second=%.0f", accepted, failed, begun, begun - ended, took,
        (double)accepted / took);
    latency_print(&end_of_data, "end");
    latency_print(&transaction, "transaction");
    printf("\n");
}

// MARK: hole

static void hole(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0 || listen(fd, 16) < 0) {
        perror("hole");
        exit(1);
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (;;) pause();
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    const char *mode = count > 1 ? words[1] : "";
    int port = count > 2 ? (int)number(words[2]) : 0;
    if (!strcmp(mode, "hole") && count == 3) {
        hole(port);
    } else if (!strcmp(mode, "idle") && count == 5) {
        target(port, 10000);
        idle(number(words[3]), number(words[4]));
    } else if (!strcmp(mode, "churn") && count == 6) {
        target(port, 10000);
        wanted = number(words[3]);
        says_ehlo = !strcmp(words[5], "ehlo");
        dialogue = (struct dialogue){churn_reply, next_session};
        run_out(number(words[4]));
    } else if (!strcmp(mode, "refused") && count == 6) {
        int at_rcpt = !strcmp(words[5], "rcpt");
        target(port, at_rcpt ? 10000 : 4);
        wanted = number(words[3]);
        dialogue = (struct dialogue){at_rcpt ? rcpt_reply : refused_reply, next_session};
        run_out(number(words[4]));
    } else if (!strcmp(mode, "active") && (count == 6 || count == 7)) {
        target(port, 10000);
        make_message((size_t)number(words[5]));
        per_session = count == 7 ? number(words[6]) : 0;
        active(number(words[3]), number(words[4]));
    } else {
        fprintf(stderr, "usage: see the head of sessions.c\n");
        return 2;
    }
    return 0;
}
