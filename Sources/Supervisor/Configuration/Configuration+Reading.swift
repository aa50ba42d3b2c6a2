// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Multiplexer
import TOMLKit

extension Configuration {
    static let keys = [
        "idle_timeout", "hibernate_after", "MemoryPressureWatch", "MemoryPressureThresholdSec", "memory_reserve",
        "stop_under_pressure", "sessions_max", "connections_max", "message_size_max", "output_queue_max",
        "output_timeout", "max_message_to_client", "garbage_max",
        "roots_timeout", "session_requests_max", "backend_requests_max", "exit_idle_time", "start_timeout",
        "stop_timeout", "slice_limits", "ignore_env", "PassEnvironment",
        "deferring_clients",
        "defaults",
        "server",
    ]
    static let limitKeys = ["MemoryHigh", "MemoryMax", "MemorySwapMax", "TasksMax", "CPUWeight"]
    static let serverKeys = [
        "command", "share", "PassEnvironment", "idle_timeout", "hibernate_after", "stop_under_pressure",
        "start_timeout", "backend_requests_max", "deny_tools", "private_tools", "interactive_tools",
        "era", "on_start", "meta_tools", "meta_split", "meta_pins", "roots", "unknown_requests", "retry_tools",
        "unattributed_notifications", "repo",
    ]

    /// Adds what one file says to what those before it said; a later file wins key by key.
    mutating func add(_ table: ConfigurationTable) throws(ConfigurationError) {
        try table.refuseUnknown(known: Configuration.keys)
        idleTimeout = try table.span("idle_timeout") ?? idleTimeout
        hibernateAfter = try table.span("hibernate_after") ?? hibernateAfter
        try addPressure(table)
        try addClientLimits(table)
        exitIdleTime = try table.span("exit_idle_time") ?? exitIdleTime
        startTimeout = try table.time("start_timeout") ?? startTimeout
        backendRequests = try table.count("backend_requests_max") ?? backendRequests
        stopTimeout = try table.span("stop_timeout") ?? stopTimeout
        ignoreEnvironment += try table.strings("ignore_env") ?? []
        passEnvironment = try table.strings("PassEnvironment") ?? passEnvironment
        deferringClients += try table.strings("deferring_clients") ?? []
        if let slice = try table.table("slice_limits") {
            try slice.refuseUnknown(known: Configuration.limitKeys)
            sliceLimits = sliceLimits.overridden(by: try Configuration.limits(slice))
        }
        if let section = try table.table("defaults") {
            try section.refuseUnknown(known: Configuration.limitKeys)
            defaults = defaults.overridden(by: try Configuration.limits(section))
        }
        guard let all = try table.table("server") else { return }
        for name in all.keys {
            guard let section = try all.table(name) else { continue }
            servers[name] = try server(name, section)
        }
    }

    private mutating func addPressure(_ table: ConfigurationTable) throws(ConfigurationError) {
        memoryPressureWatch = try table.choice("MemoryPressureWatch", PressureListening.self) ?? memoryPressureWatch
        memoryPressureThreshold = try table.span("MemoryPressureThresholdSec") ?? memoryPressureThreshold
        guard (1...1000).contains(memoryPressureThreshold) else {
            throw table.error("MemoryPressureThresholdSec", "MemoryPressureThresholdSec must be between 1ms and 1s")
        }
        memoryReserve = try table.size("memory_reserve", least: 0) ?? memoryReserve
        stopUnderPressure = try table.choice("stop_under_pressure", PressureStop.self) ?? stopUnderPressure
    }

    private mutating func addClientLimits(_ table: ConfigurationTable) throws(ConfigurationError) {
        var limits = clientLimits
        limits.sessionRequests = try table.count("session_requests_max") ?? limits.sessionRequests
        limits.sessions = try table.count("sessions_max") ?? limits.sessions
        limits.connections = try table.count("connections_max") ?? limits.connections
        limits.messageSize = try table.size("message_size_max", least: 64 << 10) ?? limits.messageSize
        limits.outputQueue = try table.size("output_queue_max", least: 64 << 10) ?? limits.outputQueue
        limits.outputTimeout = try table.time("output_timeout") ?? limits.outputTimeout
        if let clients = try table.table("max_message_to_client") {
            for name in clients.keys { limits.messageSizeToClient[name] = try clients.size(name, least: 64 << 10) }
        }
        limits.garbage = try table.size("garbage_max", least: 0) ?? limits.garbage
        limits.rootsTimeout = try table.span("roots_timeout") ?? limits.rootsTimeout
        clientLimits = limits
    }

    private func server(
        _ name: String, _ table: ConfigurationTable
    ) throws(ConfigurationError) -> ServerConfiguration {
        try table.refuseUnknown(known: Configuration.serverKeys + Configuration.limitKeys)
        var server = servers[name] ?? ServerConfiguration()
        server.command = try table.strings("command") ?? server.command
        if server.command?.isEmpty == true { throw table.error("command", "command must name a program") }
        server.share = try table.choice("share", Sharing.self) ?? server.share
        server.passEnvironment = try table.strings("PassEnvironment") ?? server.passEnvironment
        server.idleTimeout = try table.span("idle_timeout") ?? server.idleTimeout
        server.hibernateAfter = try table.span("hibernate_after") ?? server.hibernateAfter
        server.stopUnderPressure =
            try table.choice("stop_under_pressure", PressureStop.self) ?? server.stopUnderPressure
        server.startTimeout = try table.time("start_timeout") ?? server.startTimeout
        server.backendRequests = try table.count("backend_requests_max") ?? server.backendRequests
        server.denyTools = try table.strings("deny_tools") ?? server.denyTools
        server.privateTools = try table.privateTools() ?? server.privateTools
        server.interactiveTools = try table.strings("interactive_tools") ?? server.interactiveTools
        server.era = try table.choice("era", EraChoice.self) ?? server.era
        server.roots = try table.choice("roots", RootsPolicy.self) ?? server.roots
        server.unknownRequests = try table.choice("unknown_requests", UnknownRequests.self) ?? server.unknownRequests
        server.unattributedNotifications =
            try table.choice("unattributed_notifications", UnattributedNotifications.self)
            ?? server.unattributedNotifications
        server.retryTools = try table.choice("retry_tools", RetryTools.self) ?? server.retryTools
        server.metaTools = try table.metaTools("meta_tools") ?? server.metaTools
        server.metaSplit = try table.bool("meta_split") ?? server.metaSplit
        server.metaPins = try table.strings("meta_pins") ?? server.metaPins
        server.onStart = try Configuration.startCalls(table) ?? server.onStart
        server.limits = server.limits.overridden(by: try Configuration.limits(table))
        guard let repositories = try table.table("repo") else { return server }
        for path in repositories.keys {
            guard let section = try repositories.table(path) else { continue }
            try section.refuseUnknown(known: Configuration.limitKeys + ["idle_timeout", "hibernate_after"])
            var local = server.repositories[path] ?? RepositoryConfiguration()
            local.idleTimeout = try section.span("idle_timeout") ?? local.idleTimeout
            local.hibernateAfter = try section.span("hibernate_after") ?? local.hibernateAfter
            local.limits = local.limits.overridden(by: try Configuration.limits(section))
            server.repositories[path] = local
        }
        return server
    }

    private static func limits(_ table: ConfigurationTable) throws(ConfigurationError) -> Limits {
        var limits = Limits()
        for property in LimitProperty.allCases { limits[keyPath: property.keyPath] = try table.limit(property) }
        return limits
    }

    /// `on_start = ["tool", { tool = "name", arguments = { … } }]`
    private static func startCalls(_ table: ConfigurationTable) throws(ConfigurationError) -> [StartCall]? {
        guard let value = table.table["on_start"] else { return nil }
        let complaint = "on_start must be a list of tool names or of { tool = \"…\", arguments = { … } }"
        guard let array = value.array else { throw table.error("on_start", complaint) }
        var calls: [StartCall] = []
        for element in array {
            if let name = element.string {
                calls.append(StartCall(tool: name, arguments: "{}"))
                continue
            }
            guard let entry = element.table, let name = entry["tool"]?.string,
                entry.keys.allSatisfy({ $0 == "tool" || $0 == "arguments" }),
                entry["arguments"] == nil || entry["arguments"]?.table != nil
            else { throw table.error("on_start", complaint) }
            let arguments = entry["arguments"]?.table?.convert(to: .json) ?? "{}"
            guard let parsed = try? JSONValue(parsing: arguments) else { throw table.error("on_start", complaint) }
            calls.append(StartCall(tool: name, arguments: parsed.text))
        }
        return calls
    }
}
