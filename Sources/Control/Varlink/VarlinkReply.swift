// SPDX-License-Identifier: Apache-2.0
public import MCPWire

/// A Varlink reply: parameters, or an error with its own parameters.
public struct VarlinkReply: Sendable, Equatable {
    /// An object.
    public var parameters: JSONValue
    /// The error's name with its interface; `nil` when it is none.
    public var error: String?
    /// More replies follow.
    public var continues: Bool

    public init(parameters: JSONValue, error: String? = nil, continues: Bool = false) {
        self.parameters = parameters
        self.error = error
        self.continues = continues
    }

    /// An answer of a method of ours.
    ///
    /// - Throws: ``CodingFailure`` where a value has no JSON form.
    public init(_ reply: some Encodable, continues: Bool = false) throws(CodingFailure) {
        self.init(parameters: try JSONCoding.encode(reply), continues: continues)
    }

    /// A refusal.
    public init(_ error: ControlError) {
        self.init(parameters: .object(error.parameters), error: error.name)
    }

    /// Reads a message without its NUL.
    ///
    /// - Throws: ``VarlinkError`` when it is not JSON or not a reply.
    public init(parsing message: [UInt8]) throws(VarlinkError) {
        let object = try VarlinkError.object(in: message, kind: "reply")
        let parameters = object["parameters"] ?? .null
        switch parameters {
        case .object: self.parameters = parameters
        case .null: self.parameters = .object(JSONObject())
        default: throw VarlinkError("the parameters of the reply are not an object")
        }
        switch object["error"] {
        case nil, .null?: error = nil
        case .string(let name)?: error = name
        default: throw VarlinkError("the error of the reply is not a name")
        }
        continues = object["continues"]?.boolValue ?? false
    }

    /// The message with its NUL.
    public func encoded() -> [UInt8] {
        var object = JSONObject()
        if let error { object["error"] = .string(error) }
        object["parameters"] = parameters
        if continues { object["continues"] = .bool(true) }
        return JSONValue.object(object).varlinkMessage
    }
}
