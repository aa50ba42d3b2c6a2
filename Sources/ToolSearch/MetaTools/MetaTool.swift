// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The tools that stand for a backend's own.
enum MetaTool: String, CaseIterable {
    case find = "find_tool"
    case describe = "describe_tool"
    case callRead = "call_tool_read"
    case call = "call_tool"

    /// What `describe_tool` takes for the server's instructions.
    static let instructionsName = "instructions"

    /// The list that a session sees, as a JSON array: it never changes for the session.
    static func list(_ catalog: ToolCatalog, _ options: MetaToolOptions) -> [UInt8] {
        let pinned = catalog.entries.filter { options.pins.contains($0.name) }
        let found = catalog.entries.filter { !options.pins.contains($0.name) }
        var list: [UInt8] = [UInt8(ascii: "[")]
        let own = allCases.filter { options.isSplit || $0 != .callRead }
        for tool in own { tool.definition(catalog.server, found, options).write(to: &list, separated: list.count > 1) }
        for entry in pinned {
            list.append(UInt8(ascii: ","))
            list += entry.definition
        }
        list.append(UInt8(ascii: "]"))
        return list
    }

    private func definition(_ server: String, _ found: [ToolEntry], _ options: MetaToolOptions) -> JSONValue {
        var tool: JSONObject = ["name": .string(rawValue)]
        tool["description"] = .string(description(server, found, options))
        tool["inputSchema"] = inputSchema
        tool["annotations"] = annotations
        return .object(tool)
    }

    private func description(_ server: String, _ found: [ToolEntry], _ options: MetaToolOptions) -> String {
        switch self {
        case .find:
            let categories = ToolCategories(names: found.map(\.name), server: server).text(within: 1000)
            return
                "Find tools of \(server.prefix(64)) by what you want to do. It has \(found.count), all available now: "
                + "\(categories). 1. find_tool 2. describe_tool if arguments are unclear "
                + "3. call_tool with name and arguments as separate parameters."
        case .describe: return "Full definitions of tools by name; \"\(Self.instructionsName)\": the server's manual."
        case .callRead: return "Call a tool that find_tool marks [read-only]."
        case .call: return options.isSplit ? "Call any other tool by name." : "Call a tool by name; its own result."
        }
    }

    private var inputSchema: JSONValue {
        switch self {
        case .find:
            let limit: JSONValue = ["type": "integer", "minimum": 1, "maximum": 20, "default": 5]
            return Self.schema(["query": ["type": "string"], "limit": limit], required: ["query"])
        case .describe:
            let names: JSONValue = ["type": "array", "items": ["type": "string"]]
            return Self.schema(["name": ["type": "string"], "names": names], required: [])
        case .call, .callRead:
            return Self.schema(
                ["name": ["type": "string"], "arguments": ["type": "object"]], required: ["name", "arguments"])
        }
    }

    private static func schema(_ properties: JSONValue, required: [JSONValue]) -> JSONValue {
        var schema: JSONObject = ["type": "object", "properties": properties]
        if !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }

    /// `call_tool` calls anything, also what the server has only later: whatever the tools are now, a client must not
    /// let it through unasked.
    private var annotations: JSONValue {
        switch self {
        case .find, .describe: return ["readOnlyHint": true, "openWorldHint": false]
        case .callRead: return ["readOnlyHint": true]
        case .call: return ["readOnlyHint": false, "destructiveHint": true]
        }
    }
}

extension JSONValue {
    fileprivate func write(to list: inout [UInt8], separated: Bool) {
        if separated { list.append(UInt8(ascii: ",")) }
        write(to: &list)
    }
}
