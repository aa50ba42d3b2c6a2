// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import MCPWire

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the versions of mcpctl and of the supervisor that answers.")

    @OptionGroup var common: CommonOptions

    func run() throws {
        let versions: JSONValue = ["mcpctl": .string(Control.version), "supervisor": supervisor()]
        try common.show(Answer<Versions>(document: versions, socket: "", method: VarlinkService.getInfo))
    }

    /// `null` without a supervisor: that is an answer here, not a failure.
    private func supervisor() -> JSONValue {
        do throws(ClientError) {
            var client = try ControlClient(path: ControlPath.socket())
            let info = try client.document(
                VarlinkCall(method: VarlinkService.getInfo), timeout: min(2, Patience.facts.seconds(common.timeout)))
            return info["version"] ?? .null
        } catch {
            return .null
        }
    }
}

struct Versions: Codable, Shown {
    var mcpctl: String
    var supervisor: String?

    func lines(_ view: View) -> [String] {
        ["mcpctl \(mcpctl)", supervisor.map { "supervisor \(printable($0))" } ?? "supervisor: none answers"]
    }
}
