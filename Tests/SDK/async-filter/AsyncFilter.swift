import PosternKit

/// Awaits in each of the ways that the kit offers; the tests load it through the real ABI.
struct AsyncFilter: Filter {
    init(settings: Settings, host: Host) throws {}

    func connect(_ call: Call) async throws {
        call.detach(joinBefore: .rcpt)
        let reversed = call.session.client.reversed
        let answers = await call.resolve([DNSQuestion("\(reversed).one.example", .a), DNSQuestion("\(reversed).two.example", .a)])
        for (list, answer) in zip(["ONE", "TWO"], answers) where answer.status == .found {
            call.add("LIST_" + list, detail: "\(answer.ipv4)")
        }
    }

    func rcpt(_ call: Call) async throws {
        await withTaskGroup(of: Void.self) { group in
            for name in ["a.example", "b.example"] {
                group.addTask {
                    let answer = await call.resolve(name, .txt)
                    if answer.status == .found { call.add("LIST_" + (answer.texts.first ?? "")) }
                }
            }
        }
        await call.sleep(.seconds(2))
        call.add("FOUND", detail: call.recipient?.address ?? "")
    }

    func data(_ call: Call) async throws {
        _ = await call.resolve("c.example", .a)
        throw FilterError("the engine is out of order")
    }
}

private let plugin = Plugin(AsyncFilter.self, id: "async", version: "1")

@c(postern_plugin_entry)
public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
