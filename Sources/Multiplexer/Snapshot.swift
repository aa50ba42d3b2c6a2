// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// What a server said of itself the last time it ran: enough to answer `initialize` and the lists before it runs again.
public struct Snapshot: Sendable, Equatable {
    private static let version: Int64 = 1

    /// The raw `result` of `initialize`.
    public var initializeResult: [UInt8]
    /// The raw `result` of `server/discover`, of a server of the stateless era.
    public var discoverResult: [UInt8]?
    /// The raw `result` (first page) by method.
    public var lists: [String: [UInt8]] = [:]
    /// What the client had said of itself to whom a server of the stateless era said so, by method: no other client is
    /// answered with that list. Not there where it is the same for all.
    public var askers: [String: [UInt8]] = [:]

    public init(initializeResult: [UInt8]) { self.initializeResult = initializeResult }

    /// Nil when it was written by another version, or is none.
    public init?(json: JSONValue) {
        guard json["version"]?.intValue == Self.version, let result = json["initialize"]?.stringValue,
            let stored = json["lists"]?.objectValue
        else { return nil }
        initializeResult = Array(result.utf8)
        discoverResult = json["discover"]?.stringValue.map { Array($0.utf8) }
        for member in stored.members { lists[member.key] = member.value.stringValue.map { Array($0.utf8) } }
        for member in json["askers"]?.objectValue?.members ?? [] {
            askers[member.key] = member.value.stringValue.map { Array($0.utf8) }
        }
    }

    /// The results as strings, so that they come back byte for byte.
    public var json: JSONValue {
        var json: JSONObject = [
            "version": .int(Self.version), "initialize": .string(String(decoding: initializeResult, as: UTF8.self)),
            "lists": .object(texts(of: lists)),
        ]
        if !askers.isEmpty { json["askers"] = .object(texts(of: askers)) }
        json["discover"] = discoverResult.map { .string(String(decoding: $0, as: UTF8.self)) }
        return .object(json)
    }

    private func texts(of values: [String: [UInt8]]) -> JSONObject {
        var texts = JSONObject()
        for (method, bytes) in values.sorted(by: { $0.key < $1.key }) {
            texts[method] = .string(String(decoding: bytes, as: UTF8.self))
        }
        return texts
    }

    /// What holds of the server in any repository: what it can do, and its name. Nil when it did not say it.
    ///
    /// Its instructions and lists may tell of the repository that it ran for.
    public var promise: ServerPromise? {
        guard let result = try? JSONValue(parsing: initializeResult),
            let capabilities = result["capabilities"]?.objectValue, let serverInfo = result["serverInfo"]
        else { return nil }
        return ServerPromise(capabilities: .object(Handshake.shared(capabilities)), serverInfo: serverInfo)
    }

    /// The revision that the backend answered with.
    public var protocolVersion: String? {
        (try? JSONValue(parsing: initializeResult))?["protocolVersion"]?.stringValue
    }
}

/// What a client is told of a server that cannot be started yet, because its repository is unknown.
public struct ServerPromise: Sendable, Equatable {
    /// As clients get them, of an `initialize` result.
    public let capabilities: JSONValue
    /// Its name and version.
    public let serverInfo: JSONValue

    public init(capabilities: JSONValue, serverInfo: JSONValue) {
        self.capabilities = capabilities
        self.serverInfo = serverInfo
    }
}
