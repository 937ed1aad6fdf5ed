import PosternKit

private let plugin = Plugin(HelloFilter.self, id: "hello-swift", version: "1.0.0")

/// The library's one export.
@c(postern_plugin_entry)
public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
