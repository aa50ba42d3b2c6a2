// SPDX-License-Identifier: Apache-2.0
import Control

/// Statistics in Prometheus' text format, for a textfile collector.
struct PrometheusText {
    private(set) var text = ""

    init(_ stats: StatsReply) {
        let servers = stats.servers
        metric("sessions", "gauge", "Sessions attached.", servers) { $0.sessions }
        metric("backends", "gauge", "Backends known.", servers) { $0.backends }
        metric("definition_tokens", "gauge", "Tokens of all tool definitions.", servers) { $0.tokens?.definitions }
        metric("instruction_tokens", "gauge", "Tokens of the instructions.", servers) { $0.tokens?.instructions }
        metric("meta_sessions_total", "counter", "Sessions given meta-tools.", servers) { $0.metaTools.sessions }
        metric("meta_searches_total", "counter", "Searches by find_tool.", servers) { $0.metaTools.searches }
        metric("meta_zero_hits_total", "counter", "Searches that found nothing.", servers) { $0.metaTools.zeroHits }
        metric("meta_descriptions_total", "counter", "Calls of describe_tool.", servers) { $0.metaTools.descriptions }
        metric("meta_calls_total", "counter", "Calls through call_tool.", servers) { $0.metaTools.calls }
        metric("meta_direct_calls_total", "counter", "Hidden tools called by name.", servers) {
            $0.metaTools.directCalls
        }
        metric("meta_wrong_names_total", "counter", "Names of no tool.", servers) { $0.metaTools.wrongNames }
        metric("meta_wrong_descriptions_total", "counter", "Names of no tool that were to be described.", servers) {
            $0.metaTools.wrongDescriptions
        }
        metric("meta_refusals_total", "counter", "Calls of meta-tools that were refused.", servers) {
            $0.metaTools.refusals
        }
        metric("meta_repaired_arguments_total", "counter", "Arguments that were repaired.", servers) {
            $0.metaTools.repairedArguments
        }
        metric("meta_schemas_appended_total", "counter", "Answers that got a tool's schema.", servers) {
            $0.metaTools.schemasAppended
        }
        metric("meta_answer_tokens_total", "counter", "Tokens of what the meta-tools said.", servers) {
            $0.metaTools.answerTokens
        }
        metric("meta_structured_tokens_total", "counter", "Those in structured content.", servers) {
            $0.metaTools.structuredTokens
        }
        metric("meta_saved_tokens", "gauge", "Tokens saved up front, less what the meta-tools said.", servers) {
            $0.metaTools.savedTokens
        }
        calls(servers)
    }

    private mutating func metric(
        _ name: String, _ type: String, _ help: String, _ servers: [ServerStats], _ value: (ServerStats) -> Int?
    ) {
        head(name, type, help)
        for server in servers {
            guard let value = value(server) else { continue }
            text += "mcp_\(name){server=\"\(Self.escaped(server.server))\"} \(value)\n"
        }
    }

    private mutating func calls(_ servers: [ServerStats]) {
        tool("tool_calls_total", "counter", "Calls of a tool.", servers) { "\($0.calls)" }
        tool("tool_errors_total", "counter", "Calls answered with a protocol error.", servers) { "\($0.errors)" }
        tool("tool_seconds_total", "counter", "Time that calls took.", servers) {
            "\(Double($0.totalMilliseconds) / 1000)"
        }
    }

    private mutating func tool(
        _ name: String, _ type: String, _ help: String, _ servers: [ServerStats], _ value: (ToolStats) -> String
    ) {
        head(name, type, help)
        for server in servers {
            for tool in server.tools {
                let labels = "server=\"\(Self.escaped(server.server))\",tool=\"\(Self.escaped(tool.name))\""
                text += "mcp_\(name){\(labels)} \(value(tool))\n"
            }
        }
    }

    private mutating func head(_ name: String, _ type: String, _ help: String) {
        text += "# HELP mcp_\(name) \(help)\n# TYPE mcp_\(name) \(type)\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
