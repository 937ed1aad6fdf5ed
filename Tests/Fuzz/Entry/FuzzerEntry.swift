/// What libFuzzer calls. The environment names the target: FUZZ_TARGET=session.
import FuzzTargets
import Glibc

private let target = getenv("FUZZ_TARGET").flatMap { FuzzTarget(rawValue: String(cString: $0)) }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let target else { fatalError("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))") }
    do throws(Finding) { try target.run(UnsafeRawBufferPointer(start: start, count: count)) } catch { fatalError("finding: \(error)") }
    return 0
}
