// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

struct LimitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Show or change limits, of a backend, a server, or all together.",
        discussion: """
            Properties are systemd's: MemoryHigh, MemoryMax, MemorySwapMax (sizes: 512M, 1.5G, infinity),
            TasksMax (a number or infinity), CPUWeight (1 to 10000). See systemd.resource-control(5).
            """)

    @Argument(help: "The backend.", completion: .backends)
    var backend: BackendName?

    @Option(help: "All backends of this server, also those to come.")
    var server: String?

    @Flag(help: "All backends together (the default when only reading).")
    var total = false

    @Option(
        name: .customLong("set"), parsing: .upToNextOption,
        help: ArgumentHelp("Change limits, at once and while they run.", valueName: "property=value"),
        completion: .list(LimitProperty.allCases.map { "\($0.rawValue)=" }))
    var assignments: [String] = []

    @Flag(help: "Write the change into the configuration, too.")
    var persist = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        let targets = [backend != nil, server != nil, total].filter { $0 }.count
        if targets > 1 {
            throw ValidationError("limits takes one of a backend, --server and --total, not several")
        }
        if targets == 0, !assignments.isEmpty {
            throw ValidationError("limits --set needs a backend, --server or --total to change")
        }
        if persist, assignments.isEmpty {
            throw ValidationError("limits --persist writes what --set changes; there is no --set")
        }
        _ = try changes()
    }

    func run() throws {
        let parameters = SetLimitsParameters(
            backend: backend?.description, server: server, total: backend == nil && server == nil ? true : nil,
            set: try changes(), persist: persist ? true : nil)
        try common.show(common.ask(parameters, awaiting: "the limits"))
    }

    private func changes() throws -> Limits? {
        guard !assignments.isEmpty else { return nil }
        var limits = Limits()
        for assignment in assignments {
            do {
                try limits.assign(assignment)
            } catch {
                throw ValidationError(error.description)
            }
        }
        return limits
    }
}
