/* instream SOCKET PID CONNECTIONS < LIST: sends the files that LIST names to clamd as those do who ask it for a message: a connection for each, INSTREAM
 * (clamd(8)), so many at once. Prints files a second, p50 and p99 ms, CPU ms a file here and in the process PID, files with findings. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct file {
    uint8_t *bytes;
    size_t count;
    uint64_t took;
};

static struct file files[100000];
static int file_count;
static const char *place;
static atomic_int next, found;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time)) fail("clock");
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void send_all(int connection, const void *bytes, size_t count) {
    for (size_t at = 0; at < count;) {
        ssize_t sent = send(connection, (const uint8_t *)bytes + at, count - at, MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        at += (size_t)sent;
    }
}

static void ask(struct file *file) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, place, sizeof address.sun_path - 1);
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address)) fail("connect");
    send_all(connection, "zINSTREAM", 10);
    for (size_t at = 0; at < file->count;) {
        size_t piece = file->count - at < 131072 ? file->count - at : 131072;
        uint32_t length = htonl((uint32_t)piece);
        send_all(connection, &length, 4);
        send_all(connection, file->bytes + at, piece);
        at += piece;
    }
    send_all(connection, "\0\0\0", 4);
    char answer[1024];
    size_t have = 0;
    for (ssize_t got; have < sizeof answer - 1 && (got = recv(connection, answer + have, sizeof answer - 1 - have, 0)) > 0;) have += (size_t)got;
    answer[have] = 0;
    if (!have) fail("no answer");
    if (strstr(answer, "FOUND")) found++;
    close(connection);
}

static void *work(void *nothing) {
    for (int number; (number = next++) < file_count;) {
        uint64_t began = nanoseconds(CLOCK_MONOTONIC);
        ask(&files[number]);
        files[number].took = nanoseconds(CLOCK_MONOTONIC) - began;
    }
    return nothing;
}

static int by_time(const void *a, const void *b) {
    uint64_t x = ((const struct file *)a)->took, y = ((const struct file *)b)->took;
    return x < y ? -1 : x > y;
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: instream SOCKET PID CONNECTIONS < LIST\n"), 2;
    place = arguments[1];
    clockid_t clamd;
    if (clock_getcpuclockid(atoi(arguments[2]), &clamd)) fail("no such process");
    char path[4096];
    while (file_count < 100000 && fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        FILE *stream = fopen(path, "rb");
        struct file *file = &files[file_count++];
        if (!stream || fseek(stream, 0, SEEK_END)) fail(path);
        file->count = (size_t)ftell(stream);
        rewind(stream);
        if (!(file->bytes = malloc(file->count)) || fread(file->bytes, 1, file->count, stream) != file->count) fail(path);
        fclose(stream);
    }
    int width = atoi(arguments[3]);
    pthread_t threads[64];
    if (file_count == 0 || width < 1 || width > 64) fail("nothing to do");
    uint64_t start = nanoseconds(CLOCK_MONOTONIC), own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), others = nanoseconds(clamd);
    for (int i = 0; i < width; i++)
        if (pthread_create(&threads[i], NULL, work, NULL)) fail("thread");
    for (int i = 0; i < width; i++) pthread_join(threads[i], NULL);
    double seconds = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9, n = file_count;
    own = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - own;
    others = nanoseconds(clamd) - others;
    qsort(files, (size_t)file_count, sizeof *files, by_time);
    printf("%.0f %.2f %.2f %.2f %.2f %d\n", n / seconds, (double)files[file_count / 2].took / 1e6, (double)files[file_count * 99 / 100].took / 1e6,
           (double)own / n / 1e6, (double)others / n / 1e6, found);
    return 0;
}
