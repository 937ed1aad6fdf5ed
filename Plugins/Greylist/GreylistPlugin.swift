import PosternKit

private let plugin = Plugin(GreylistFilter.self, id: "greylist", version: "0.1.0")

/// The library's one export.
@c(postern_plugin_entry)
public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
