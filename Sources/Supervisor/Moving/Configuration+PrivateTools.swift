// SPDX-License-Identifier: Apache-2.0

import Multiplexer
import TOMLKit

extension ConfigurationTable {
    /// `private_tools = ["name", "begin*", { tool = "name", unless = { argument = "text" } }]`
    func privateTools() throws(ConfigurationError) -> [PrivateTool]? {
        let key = "private_tools"
        guard let value = table[key] else { return nil }
        let complaint =
            "\(key) must be a list of tool names, of beginnings followed by *, or of { tool = \"…\", unless = { … } }"
        guard let array = value.array else { throw error(key, complaint) }
        var tools: [PrivateTool] = []
        for element in array {
            if let name = element.string {
                tools.append(PrivateTool(name: name))
                continue
            }
            guard let entry = element.table, let name = entry["tool"]?.string,
                entry.keys.allSatisfy({ $0 == "tool" || $0 == "unless" })
            else { throw error(key, complaint) }
            var unless: [String: String] = [:]
            if let arguments = entry["unless"] {
                guard let arguments = arguments.table else { throw error(key, complaint) }
                for argument in arguments.keys {
                    guard let text = arguments[argument]?.string else {
                        throw error(key, "\(key): unless compares arguments with texts; \(argument) has none")
                    }
                    unless[argument] = text
                }
            }
            tools.append(PrivateTool(name: name, unless: unless))
        }
        return tools
    }
}
