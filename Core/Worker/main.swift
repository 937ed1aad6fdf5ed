// postern-worker: runs one plugin, sandboxed, for the gateway that started it. Not for people: its descriptors come from the gateway.

import Glibc

guard fcntl(WorkerProcess.bell, F_GETFD) >= 0 else {
    print("postern-worker is started by the gateway, and does nothing by itself")
    exit(2)
}
for descriptor in WorkerProcess.socket...WorkerProcess.bell { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

Worker.run()
