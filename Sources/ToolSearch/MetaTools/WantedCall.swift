// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The call that the arguments of `call_tool` stand for, after repair of what models get wrong: arguments as a string
/// of JSON, the call wrapped once more, arguments beside the name instead of below it.
struct WantedCall {
    enum Reading {
        case call(WantedCall)
        case refused(String)
    }

    private static let shape = "{\"name\": \"TOOL\", \"arguments\": {…}}"

    var name: String
    /// An object, as the model wrote it.
    var arguments: [UInt8]
    var isRepaired: Bool

    /// - Parameter outer: the value of `arguments` in the client's `tools/call`; nil where there is none.
    static func read(_ outer: [UInt8]?) -> Reading {
        guard let outer, let object = objectText(outer), let members = rawMembers(object.text) else {
            return .refused("call_tool takes \(shape).")
        }
        var isRepaired = object.wasString
        let text = object.text
        guard let nameMember = members["name"] ?? members["tool"] ?? members["tool_name"] else {
            // The whole call wrapped in itself.
            guard let inner = members["arguments"], members.count == 1,
                case .call(var call) = read([UInt8](text.span, inner.value))
            else { return .refused("call_tool takes \(shape); the name is missing.") }
            call.isRepaired = true
            return .call(call)
        }
        guard let name = String(token: nameMember.value, of: text.span), !name.isEmpty else {
            return .refused("call_tool takes \(shape); the name must be a string.")
        }
        if members["task"]?.kind == .object {
            return .refused("Tasks are not served through call_tool; call without task.")
        }
        if nameMember.name != "name" { isRepaired = true }
        // A parameter of the tool may have such a name, too.
        let alias = ["args", "input"].lazy.compactMap { members[$0] }.first { member in
            objectText([UInt8](text.span, member.value)) != nil
        }
        guard let inner = members["arguments"] ?? alias else {
            let rest = members.filter { $0.name != nameMember.name }
            return .call(
                WantedCall(name: name, arguments: Self.object(rest, text), isRepaired: isRepaired || !rest.isEmpty))
        }
        if inner.kind == .null { return .call(WantedCall(name: name, arguments: [0x7B, 0x7D], isRepaired: true)) }
        guard let arguments = objectText([UInt8](text.span, inner.value)) else {
            return .refused("The arguments of \(ToolName.shown(name)) must be an object: \(shape).")
        }
        isRepaired = isRepaired || arguments.wasString || inner.name != "arguments"
        return .call(WantedCall(name: name, arguments: arguments.text, isRepaired: isRepaired))
    }

    /// An object, or the object that a string holds; nothing in a string means an empty one.
    private static func objectText(_ bytes: [UInt8]) -> (text: [UInt8], wasString: Bool)? {
        guard let value = try? JSONValue(parsing: bytes) else { return nil }
        switch value {
        case .object: return (bytes, false)
        case .string(let text):
            if text.allSatisfy(\.isWhitespace) { return ([0x7B, 0x7D], true) }
            let inner = Array(text.utf8)
            guard let parsed = try? JSONValue(parsing: inner), parsed.objectValue != nil else { return nil }
            return ([UInt8](inner.span, 0..<inner.count), true)
        default: return nil
        }
    }

    private static func object(_ members: [RawMember], _ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for member in members {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            writeJSONString(member.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            bytes += text[member.value]
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// `{"name": …, "arguments": {…}}` again inside the arguments, where the tool itself takes no such thing.
    func unwrapped(for entry: ToolEntry) -> WantedCall {
        guard !entry.hasParameter("arguments"), let members = rawMembers(arguments), let inner = members["arguments"],
            members.allSatisfy({ $0.name == "arguments" || $0.name == "name" }),
            let object = Self.objectText(Array(arguments[inner.value]))
        else { return self }
        // A tool that does not tell what it takes may take just that, unless it is the tool's own name.
        let inside = members["name"].map { String(token: $0.value, of: arguments.span) }
        let isItsName = inside.map { $0 == entry.name || $0 == name }
        guard isItsName ?? entry.tellsItsParameters else { return self }
        return WantedCall(name: name, arguments: object.text, isRepaired: true)
    }

    /// The model gave the tool's schema back instead of values.
    func looksLikeSchema(of entry: ToolEntry) -> Bool {
        guard entry.tellsItsParameters, !entry.hasParameter("properties"),
            let value = try? JSONValue(parsing: arguments)
        else { return false }
        return value["type"]?.stringValue == "object" && value["properties"]?.objectValue != nil
    }
}
