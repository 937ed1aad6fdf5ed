// What a hostile filter may try, and what an honest one needs: a system call each, or a library call that leads to one.
#pragma once
#include <sys/types.h>

struct attempt_world {
    const char *temporary;   // the worker's folder; `outside` in it is a symbolic link to `open_file`
    const char *granted;     // a file that it may read
    const char *folder;      // of the gateway; everyone may search and list it
    const char *open_file;   // in it; everyone may read and write it
    const char *secret_file; // in it; its owner's alone
    const char *socket;      // in it; a Unix socket that listens
    const char *library;     // where a library lies that is open as library_file
    int abstract;            // the abstract socket "\0postern-N" listens
    int port;                // a TCP port of loopback that listens
    int neighbour;           // another process of the same user
    int shared;              // shared memory, to be written
    int sealed;              // the like, opened for reading and sealed
    int inherited;           // secret_file, which the gateway left open
    int control;             // one end of a socket pair; a descriptor of shared memory waits in it
    int library_file;
    long memory;             // the limits
    long file_bytes;
    int open_files;
};

struct attempt {
    const char *name;
    /// 0: it was possible; else errno.
    int (*run)(const struct attempt_world *);
};

/// The attempts of one kind, up to a null name. 0 sockets, 1 processes, 2 files, 3 memory, 4 kernel: a hostile filter's; 5: an honest one's.
const struct attempt *attempt_list(int kind);

/// Runs `enter` and then `run` in a child. 0: it was possible; 1 to 999: errno; 1000 + N: signal N ended it; 2000: `enter` failed or there was no child.
int attempt_in_child(const struct attempt *attempt, const struct attempt_world *world, int (*enter)(void));

/// Fills in descriptors, listeners and the like below `folder`, which exists: 0, else errno.
int attempt_prepare(struct attempt_world *world, const char *folder);

/// "EPERM".
const char *attempt_error_name(int error);
