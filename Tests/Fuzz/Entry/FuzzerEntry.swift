/// What libFuzzer calls. The environment names the target: FUZZ_TARGET=session.
import FuzzTargets
import Glibc

private let target = getenv("FUZZ_TARGET").flatMap { FuzzTarget(rawValue: String(cString: $0)) }

/// Of processor time: no input needs so much, the largest after its growth, unless the work is not linear.
private let mostSeconds = 2.0

/// -1: not to be kept for further changes. A large input reaches higher counts of everything, and would crowd out the small ones, which run a hundred
/// times as fast.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let target else { fatalError("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))") }
    let input = UnsafeRawBufferPointer(start: start, count: count)
    let before = seconds()
    do throws(Finding) { try target.run(input) } catch { fatalError("finding: \(error)") }
    let spent = seconds() - before
    if spent > mostSeconds { fatalError("finding: \(spent) s for \(count) bytes") }
    return target.isGrown(input) ? -1 : 0
}

private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
