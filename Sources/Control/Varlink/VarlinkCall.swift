// SPDX-License-Identifier: Apache-2.0
public import MCPWire

/// A Varlink call: one JSON object, ended by NUL on the wire (https://varlink.org/Method-Call).
public struct VarlinkCall: Sendable, Equatable {
    /// With its interface: `io.mcpctl.Supervisor.Status`.
    public var method: String
    /// An object.
    public var parameters: JSONValue
    /// The caller takes more than one reply.
    public var more: Bool
    /// The caller takes no reply.
    public var oneway: Bool

    public init(method: String, parameters: JSONValue = .object(JSONObject()), more: Bool = false, oneway: Bool = false)
    {
        self.method = method
        self.parameters = parameters
        self.more = more
        self.oneway = oneway
    }

    /// A call of a method of ours.
    ///
    /// - Throws: ``CodingFailure`` where a parameter has no JSON form.
    public init<Parameters: MethodParameters>(_ parameters: Parameters, more: Bool = false) throws(CodingFailure) {
        self.init(
            method: Parameters.method.qualifiedName, parameters: try JSONCoding.encode(parameters), more: more)
    }

    /// Reads a message without its NUL.
    ///
    /// - Throws: ``VarlinkError`` when it is not JSON or not a call; such a peer cannot be answered.
    public init(parsing message: [UInt8]) throws(VarlinkError) {
        let object = try VarlinkError.object(in: message, kind: "call")
        guard let method = object["method"]?.stringValue else { throw VarlinkError("the call names no method") }
        let parameters = object["parameters"] ?? .null
        switch parameters {
        case .object: self.parameters = parameters
        case .null: self.parameters = .object(JSONObject())
        default: throw VarlinkError("the parameters of \(method) are not an object")
        }
        self.method = method
        more = object["more"]?.boolValue ?? false
        oneway = object["oneway"]?.boolValue ?? false
    }

    /// The message with its NUL.
    public func encoded() -> [UInt8] {
        var object = JSONObject()
        object["method"] = .string(method)
        object["parameters"] = parameters
        if more { object["more"] = .bool(true) }
        if oneway { object["oneway"] = .bool(true) }
        return JSONValue.object(object).varlinkMessage
    }

    /// The part before the last dot.
    public var interface: String { String(method[..<(method.lastIndex(of: ".") ?? method.startIndex)]) }

    /// The method, if it is one of our interface.
    public var controlMethod: ControlMethod? {
        guard interface == ControlInterface.name else { return nil }
        return ControlMethod(rawValue: String(method.dropFirst(ControlInterface.name.count + 1)))
    }

    /// The parameters as their type.
    ///
    /// - Throws: ``ControlError/invalidParameter(parameter:reason:)``, to be
    ///   sent back.
    public func decoded<Parameters: MethodParameters>(
        as type: Parameters.Type = Parameters.self
    ) throws(ControlError) -> Parameters {
        do {
            return try JSONCoding.decode(type, from: parameters)
        } catch {
            throw .invalidParameter(
                parameter: error.path, reason: "cannot \(method): parameter \(error); see the interface description")
        }
    }
}

/// A message that is not Varlink.
public struct VarlinkError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }

    static func object(in message: [UInt8], kind: String) throws(VarlinkError) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: message)
        } catch {
            throw VarlinkError("the \(kind) is not JSON: \(error)")
        }
        guard case .object(let object) = value else { throw VarlinkError("the \(kind) is not a JSON object") }
        return object
    }
}

extension JSONValue {
    /// The bytes of a message, NUL included. JSON escapes control characters, so there is no other NUL in it.
    var varlinkMessage: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        bytes.append(0)
        return bytes
    }
}
