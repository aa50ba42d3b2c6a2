// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Which launcher serves here, and what cannot be had with it.
struct LauncherChoice {
    let launcher: any Launcher
    let warnings: [String]

    static func make(
        _ options: DaemonOptions, loop: EventLoop, streams: StreamLoop
    ) async throws -> LauncherChoice {
        let descriptorLimit = OwnProcess.raiseDescriptorLimit()
        let gate = try Installation.gate()
        var reason = "the direct launcher was asked for"
        if options.launcher != .direct {
            let bus = BusConnection(loop: loop)
            do {
                let features = try await bus.open().managerFeatures()
                let scopes = ScopeLauncher(
                    gate: gate, loop: loop, bus: bus, service: Installation.service(), features: features,
                    descriptorLimit: descriptorLimit)
                if !features.version.isEmpty { return LauncherChoice(launcher: scopes, warnings: scopes.shortcomings) }
                reason = "the user's service manager does not answer"
            } catch {
                reason = "\(error)"
            }
            guard options.launcher == nil else { throw LaunchError.noManager(reason: reason) }
        }
        let direct = DirectLauncher(
            gate: gate, loop: loop, streams: streams, logs: options.stateDirectory + "/logs",
            descriptorLimit: descriptorLimit)
        let warning = "backends run as children of the supervisor, memory and task limits are not enforced: \(reason)"
        return LauncherChoice(launcher: direct, warnings: [warning])
    }
}

extension ScopeLauncher {
    /// Limits that systemd takes here without a word, and that do nothing.
    fileprivate var shortcomings: [String] {
        var lines: [String] = []
        if !support.limitsMemory {
            let cgroup = "cgroup \(support.hierarchy)"
            lines.append("memory limits are not enforced: this user has no memory controller (\(cgroup))")
        }
        if !support.limitsTasks { lines.append("TasksMax is not enforced: this user has no pids controller") }
        return lines
    }
}

/// Where the program's own parts are.
enum Installation {
    /// mcp-gate: beside the supervisor, or in the libexec directory of its prefix.
    static func gate() throws(LaunchError) -> String {
        let candidates = places(of: "mcp-gate")
        for candidate in candidates where Files.identity(candidate) != nil { return candidate }
        throw .noGate(candidates.joined(separator: ", "))
    }

    /// mcp-embed, in the same places; `nil` when it is not installed.
    static func encoder() -> String? { places(of: "mcp-embed").first { Files.identity($0) != nil } }

    private static func places(of program: String) -> [String] {
        let own = OwnProcess.executable ?? ""
        let directory = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        return ["\(directory)/\(program)", "\(directory)/../libexec/mcp-supervisor/\(program)"]
    }

    /// A file of data that came with the program: beside the supervisor, in the share directory of its prefix, or in
    /// the source tree that it was built in. `nil` where it is not installed.
    static func data(_ name: String) -> String? {
        let own = OwnProcess.executable ?? ""
        let directory = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? ""
        let places = [
            directory, "\(directory)/../share/mcp-supervisor", "\(directory)/../../../share",
            "\(directory)/../../share",
        ]
        return places.map { "\($0)/\(name)" }.first { Files.identity($0)?.isDirectory == false }
    }

    /// Our own unit, when the service manager started us.
    static func service() -> String? {
        guard OwnProcess.variable("INVOCATION_ID") != nil, let path = UnitCgroup.path(ofProcess: OwnProcess.pid),
            let unit = path.split(separator: "/").last, unit.hasSuffix(".service"), !unit.hasPrefix("user@")
        else { return nil }
        return String(unit)
    }
}
