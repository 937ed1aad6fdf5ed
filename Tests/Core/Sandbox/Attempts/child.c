#include "try.h"
#include <sys/wait.h>

extern const struct attempt socket_attempts[], process_attempts[], file_attempts[], memory_attempts[], kernel_attempts[], needed_attempts[];

const struct attempt *attempt_list(int kind) {
    const struct attempt *const lists[] = {socket_attempts, process_attempts, file_attempts,
                                           memory_attempts, kernel_attempts,  needed_attempts};
    return lists[kind];
}

int attempt_in_child(const struct attempt *attempt, const struct attempt_world *world, int (*enter)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) return 2000;
    if (child == 0) {
        // Whatever hangs: its end is a result too.
        alarm(60);
        // Never 0: a program that an attempt starts in our place ends with 0 itself, and was possible.
        if (enter() != 0) _exit(255);
        int code = attempt->run(world);
        _exit(code < 0 || code > 250 ? 254 : code);
    }
    int status;
    if (waitpid(child, &status, 0) != child) return 2000;
    if (WIFSIGNALED(status)) return 1000 + WTERMSIG(status);
    return WEXITSTATUS(status) == 255 ? 2000 : WEXITSTATUS(status);
}

