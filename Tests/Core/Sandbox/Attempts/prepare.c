#include "try.h"
#include <arpa/inet.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/un.h>

static const char *below(const char *folder, const char *name) {
    char path[4096];
    return strdup(joined(path, sizeof path, folder, name));
}

static int make_file(const char *path, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, "content", 7) != 7 || fchmod(file, mode)) return -1;
    return close(file);
}

static int listening(int family, const void *address, size_t length) {
    int handle = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return handle < 0 || bind(handle, address, (socklen_t)length) || listen(handle, 64) ? -1 : handle;
}

static int prepare_listeners(struct attempt_world *world) {
    struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int handle = listening(AF_INET, &tcp, sizeof tcp);
    socklen_t length = sizeof tcp;
    if (handle < 0 || getsockname(handle, (struct sockaddr *)&tcp, &length)) return -1;
    world->port = ntohs(tcp.sin_port);
    struct sockaddr_un path = {.sun_family = AF_UNIX}, abstract = {.sun_family = AF_UNIX};
    strncpy(path.sun_path, world->socket, sizeof path.sun_path - 1);
    if (listening(AF_UNIX, &path, sizeof path) < 0 || chmod(world->socket, 0777)) return -1;
    world->abstract = getpid();
    int size = snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "postern-%d", world->abstract);
    return listening(AF_UNIX, &abstract, offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size) < 0 ? -1 : 0;
}

/// Shared memory, and the like for reading only, sealed against new writers.
static int prepare_memory(struct attempt_world *world) {
    world->shared = memfd_create("shared", MFD_CLOEXEC);
    int writable = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (world->shared < 0 || writable < 0 || write(world->shared, "ab", 2) != 2 || write(writable, "ab", 2) != 2) return -1;
    if (ftruncate(world->shared, 4096) || ftruncate(writable, 4096)) return -1;
    if (fcntl(writable, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) return -1;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", writable);
    world->sealed = open(path, O_RDONLY | O_CLOEXEC);
    close(writable);
    return world->sealed < 0 ? -1 : 0;
}

static int prepare_control(struct attempt_world *world) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return -1;
    world->control = pair[0];
    char byte = 'm', room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &world->shared, sizeof(int));
    return sendmsg(pair[1], &message, 0) == 1 ? 0 : -1;
}

int attempt_prepare(struct attempt_world *world, const char *folder) {
    umask(0);
    world->temporary = below(folder, "worker");
    world->granted = below(folder, "granted");
    world->folder = below(folder, "gateway");
    world->open_file = below(world->folder, "open");
    world->secret_file = below(world->folder, "secret");
    world->socket = below(world->folder, "socket");
    world->library = below(folder, "library/answer.so");
    if (mkdir(world->temporary, 0755) || mkdir(world->folder, 0777)) return errno;
    if (make_file(world->granted, 0666) || make_file(world->open_file, 0666) || make_file(world->secret_file, 0600)) return errno;
    if (make_file(below(world->folder, "removable"), 0666)) return errno;
    if (symlink(world->open_file, below(world->temporary, "outside"))) return errno;
    world->library_file = open(world->library, O_RDONLY | O_CLOEXEC);
    world->inherited = open(world->secret_file, O_RDONLY | O_CLOEXEC);
    if (world->library_file < 0 || world->inherited < 0) return errno;
    if (prepare_listeners(world) || prepare_memory(world) || prepare_control(world)) return errno;
    return 0;
}

extern const char *strerrorname_np(int);
const char *attempt_error_name(int error) {
    const char *name = strerrorname_np(error);
    return name ? name : "?";
}
