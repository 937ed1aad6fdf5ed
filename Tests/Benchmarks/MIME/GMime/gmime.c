/* Messages taken apart and decoded by GMime 3.2, as MIMEBenchmark does it: `gmime rate PASSES FILE...`, `gmime latency COUNT FILE`,
   `gmime memory FILE`. One line of JSON. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct message {
    GByteArray *bytes;
};

struct totals {
    long parts;
    gint64 decoded;
};

static long nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

static GByteArray *load(const char *path) {
    gchar *contents;
    gsize length;
    if (!g_file_get_contents(path, &contents, &length, NULL)) {
        printf("no file %s\n", path);
        exit(2);
    }
    return g_byte_array_new_take((guint8 *)contents, length);
}

static void decode(GMimeObject *parent, GMimeObject *object, gpointer data) {
    struct totals *totals = data;
    (void)parent;
    totals->parts++;
    if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message((GMimeMessagePart *)object);
        if (inner) g_mime_message_foreach(inner, decode, data);
    } else if (GMIME_IS_PART(object)) {
        GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)object);
        if (!content) return;
        GMimeStream *nothing = g_mime_stream_null_new();
        gssize written = g_mime_data_wrapper_write_to_stream(content, nothing);
        if (written > 0) totals->decoded += written;
        g_object_unref(nothing);
    }
}

/* The stream refers to the bytes and does not copy them. */
static void take(GByteArray *bytes, struct totals *totals) {
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
    g_mime_stream_mem_set_byte_array((GMimeStreamMem *)stream, bytes);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    if (!message) return;
    totals->parts++;
    if (totals->decoded >= 0) g_mime_message_foreach(message, decode, totals);
    g_object_unref(message);
}

static int compare(const void *a, const void *b) { return (*(long *)a > *(long *)b) - (*(long *)a < *(long *)b); }

static void rate(int passes, int count, char **paths) {
    GByteArray **files = malloc(sizeof *files * count);
    long bytes = 0;
    for (int i = 0; i < count; i++) {
        files[i] = load(paths[i]);
        bytes += files[i]->len;
    }
    double *seconds = malloc(sizeof *seconds * (passes + 1));
    struct totals totals;
    for (int pass = 0; pass <= passes; pass++) {
        memset(&totals, 0, sizeof totals);
        long start = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < count; i++) take(files[i], &totals);
        seconds[pass] = (nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9;
    }
    printf("{\"bytes\": %ld, \"parts\": %ld, \"decoded\": %ld, \"seconds\": [", bytes, totals.parts, (long)totals.decoded);
    for (int pass = 1; pass <= passes; pass++) printf("%s%.9f", pass > 1 ? ", " : "", seconds[pass]);
    printf("]}\n");
}

static void latency(int count, const char *path) {
    GByteArray *file = load(path);
    long *times = malloc(sizeof *times * count);
    for (int turn = 0; turn < count + count / 10; turn++) {
        struct totals totals = {0, 0};
        long start = nanoseconds(CLOCK_MONOTONIC);
        take(file, &totals);
        if (turn >= count / 10) times[turn - count / 10] = nanoseconds(CLOCK_MONOTONIC) - start;
    }
    qsort(times, count, sizeof *times, compare);
    printf("{\"bytes\": %u, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}\n", file->len, times[count / 2] / 1e3, times[count * 99L / 100] / 1e3,
           times[count - 1] / 1e3);
}

/* Bytes, of a line of /proc/self/status. */
static long status(const char *name) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name))) value = 1024 * atol(line + strlen(name) + 1);
    fclose(file);
    return value;
}

/* The tree alone: nothing is decoded. */
static void memory(const char *path) {
    GByteArray *file = load(path);
    FILE *marks = fopen("/proc/self/clear_refs", "w");
    fputs("5", marks);
    fclose(marks);
    long before = status("VmRSS");
    struct totals totals = {0, -1};
    take(file, &totals);
    printf("{\"bytes\": %u, \"beside\": %ld}\n", file->len, status("VmHWM") - before);
}

int main(int argc, char **argv) {
    g_mime_init();
    if (argc > 3 && !strcmp(argv[1], "rate")) rate(atoi(argv[2]), argc - 3, argv + 3);
    else if (argc > 3 && !strcmp(argv[1], "latency")) latency(atoi(argv[2]), argv[3]);
    else if (argc > 2 && !strcmp(argv[1], "memory")) memory(argv[2]);
    else return 2;
    return 0;
}
