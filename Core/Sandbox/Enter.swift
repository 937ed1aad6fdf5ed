import CSandbox
import Glibc

/// Confines the calling process for good: own user, limits, no new privileges, files, system calls, in this order. Call it from the only thread
/// there is, before anything foreign is loaded: a library's constructors run at load.
///
/// - Throws: what is missing and its mend; the process must then end, for it may be half confined.
public func enter(_ grants: Grants) throws(SandboxFailure) -> SandboxReport { try enter(grants, layers: .all, landlock: Landlock()) }

/// - Parameters:
///   - layers: all but in a test.
///   - landlock: the kernel's; nil where there is none.
package func enter(_ grants: Grants, layers: Layers, landlock: Landlock?) throws(SandboxFailure) -> SandboxReport {
    var report = SandboxReport()
    let isRoot = geteuid() == 0
    try WorkerUser.check(grants.user, isRoot: isRoot)
    guard OwnProcess.threads() == 1 else {
        throw SandboxFailure("the sandbox is entered by the only thread of a process; this one has \(OwnProcess.threads())")
    }
    if layers.contains(.descriptors) { try OwnProcess.closeDescriptors(but: grants.descriptors + grants.readableDescriptors) }

    if layers.contains(.limits) { OwnProcess.goesFirstWhenMemoryEnds() }

    // The last moment to open, mount and change anything as root.
    let parent = getppid()
    let needsEmptyRoot = layers.contains(.files) && landlock == nil && isRoot
    let hasOwnMounts = layers.contains(.files) && isRoot && MountNamespace.enter()
    if needsEmptyRoot, !hasOwnMounts {
        throw SandboxFailure(
            call: "without Landlock a worker needs an empty root, and no mount namespace is to be had",
            mend: "use a kernel with Landlock (5.13 or later), or give the gateway CAP_SYS_ADMIN")
    }
    let ownProcesses = hasOwnMounts && !needsEmptyRoot && ProcessTable.mountOwn(at: "/proc")
    let rules = try FileRules.open(grants, ownProcesses: ownProcesses)
    if needsEmptyRoot { try EmptyRoot.enter(rules) }
    let hasOwnNetwork = layers.contains(.network) && isRoot && sandbox_unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0

    if layers.contains(.user) {
        report.layers.append("user \(grants.user?.uid ?? getuid())\(grants.user == nil ? " (the gateway's)" : "")")
    }
    if layers.contains(.limits) {
        try ProcessLimits.set(grants)
        report.layers.append("memory \(grants.memory >> 20) MiB")
    }
    if layers.contains(.user) {
        try WorkerUser.become(grants.user)
        try FileRules.check(grants)
    }
    if grants.endsWithParent {
        // A change of user takes it back, so it comes after that. 1: the parent is gone already.
        guard sandbox_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL)) == 0 else { throw SandboxFailure(call: "PR_SET_PDEATHSIG") }
        if getppid() == 1, parent != 1 { _exit(0) }
    }
    guard sandbox_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { throw SandboxFailure(call: "PR_SET_NO_NEW_PRIVS") }
    report.layers.append("no new privileges")

    guard chdir(grants.temporary ?? "/") == 0 else { throw SandboxFailure(call: grants.temporary ?? "/") }
    if let temporary = grants.temporary { setenv("TMPDIR", temporary, 1) }
    if layers.contains(.files) {
        report.layers.append(try restrictFiles(to: rules, landlock, emptyRoot: needsEmptyRoot, grants))
    }
    for rule in rules { rule.close() }
    if layers.contains(.systemCalls) {
        try SystemCallFilter.install()
        report.layers.append("seccomp")
    }
    if ownProcesses { report.layers.append("own /proc") }
    if hasOwnNetwork { report.layers.append("own network") }
    return report
}

/// - Returns: the word for the report.
private func restrictFiles(
    to rules: [FileRule], _ landlock: Landlock?, emptyRoot: Bool, _ grants: Grants
) throws(SandboxFailure) -> String {
    if let landlock {
        try landlock.restrict(to: rules)
        return "landlock \(landlock.version)"
    }
    if emptyRoot { return "empty root" }
    guard grants.acceptsModesAlone else {
        throw SandboxFailure(
            "this kernel has no Landlock, so a worker could read what the gateway's user can: use Linux 5.13 or later with "
                + "CONFIG_SECURITY_LANDLOCK and 'landlock' in the boot option lsm=, or start the gateway as root, so that workers get an "
                + "empty root")
    }
    return "files by their modes alone"
}
