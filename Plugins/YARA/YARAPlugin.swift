import PosternKit

private let plugin = Plugin(YARAFilter.self, id: "yara", version: "0.1.0")

/// The library's one export.
@c(postern_plugin_entry)
public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
