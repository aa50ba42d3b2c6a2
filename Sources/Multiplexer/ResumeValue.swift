// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a session must not have to say twice when the supervisor was replaced under it.
struct ResumeValue: Sendable {
    /// How much of each part is said, in bytes.
    struct Bounds: Sendable {
        let subscriptions, clientInfo, handshake, tasks: Int

        /// The shim keeps at most 16 KB; subscriptions beyond this are lost in a restart, and clients read again anyway.
        static let shim = Bounds(subscriptions: 12 << 10, clientInfo: 2 << 10, handshake: 4 << 10, tasks: 2 << 10)
        /// From one machine to the next.
        static let none = Bounds(subscriptions: .max, clientInfo: .max, handshake: .max, tasks: .max)
    }

    private static let version: Int64 = 1

    private let bounds: Bounds
    let protocolVersion: String
    let isInitialized: Bool
    let clientInfo: JSONObject?
    /// Raw.
    let clientCapabilities: [UInt8]
    let level: LogSeverity?
    let subscriptions: [String]
    /// The session's tasks, the newest last.
    let tasks: [String]
    /// Of a client that has its backend to itself: `initialize` as it wrote it, which a new process is told.
    let handshake: [UInt8]

    init(_ state: SessionState, relay: Relay?, tasks: [String], bounds: Bounds) {
        self.bounds = bounds
        self.tasks = Self.newest(tasks, bounds.tasks)
        protocolVersion = state.protocolVersion
        isInitialized = state.phase == .initialized
        clientInfo = state.clientInfo
        clientCapabilities = state.clientCapabilities.count <= bounds.clientInfo ? state.clientCapabilities : []
        let known = relay.flatMap { $0.isAnswered && $0.handshake.count <= bounds.handshake ? $0 : nil }
        handshake = known?.handshake ?? []
        let asked = (known?.level).flatMap { try? JSONValue(parsing: $0) }
        level = state.level ?? asked?["level"]?.stringValue.flatMap(LogSeverity.init(name:))
        let uris = known?.subscriptions.compactMap { (try? JSONValue(parsing: $0.text))?.stringValue }
        subscriptions = (uris ?? state.subscriptions.map(\.text)).sorted()
    }

    /// Nil when it is not one of ours; the session then starts anew.
    init?(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes), value["v"]?.intValue == Self.version,
            let protocolVersion = value["protocol"]?.stringValue, let isInitialized = value["initialized"]?.boolValue
        else { return nil }
        bounds = .none
        self.protocolVersion = protocolVersion
        self.isInitialized = isInitialized
        clientInfo = value["client"]?.objectValue
        clientCapabilities = value["capabilities"]?.stringValue.map { Array($0.utf8) } ?? []
        level = value["level"]?.stringValue.flatMap(LogSeverity.init(name:))
        handshake = value["handshake"]?.stringValue.map { Array($0.utf8) } ?? []
        subscriptions = value["subscriptions"]?.arrayValue?.compactMap(\.stringValue) ?? []
        tasks = value["tasks"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    private static func newest(_ tasks: [String], _ bytes: Int) -> [String] {
        var room = bytes
        return tasks.reversed().prefix {
            room -= JSONValue.string($0).text.utf8.count + 1
            return room >= 0
        }.reversed()
    }

    func encoded() -> [UInt8] {
        var object: JSONObject = [
            "v": .int(Self.version), "protocol": .string(protocolVersion), "initialized": .bool(isInitialized),
        ]
        if let client = shortClientInfo { object["client"] = .object(client) }
        if !clientCapabilities.isEmpty {
            object["capabilities"] = .string(String(decoding: clientCapabilities, as: UTF8.self))
        }
        if let level { object["level"] = .string(level.name) }
        if !handshake.isEmpty { object["handshake"] = .string(String(decoding: handshake, as: UTF8.self)) }
        if !tasks.isEmpty { object["tasks"] = .array(tasks.map(JSONValue.string)) }
        var room = bounds.subscriptions - 2 * handshake.count - (object["tasks"]?.text.utf8.count ?? 0)
        let kept = subscriptions.prefix {
            room -= JSONValue.string($0).text.utf8.count + 1
            return room >= 0
        }
        if !kept.isEmpty { object["subscriptions"] = .array(kept.map(JSONValue.string)) }
        var bytes: [UInt8] = []
        object.write(to: &bytes)
        return bytes
    }

    private var shortClientInfo: JSONObject? {
        guard let clientInfo, JSONValue.object(clientInfo).text.utf8.count > bounds.clientInfo else {
            return clientInfo
        }
        var short = JSONObject()
        for key in ["name", "version"] {
            short[key] = clientInfo[key]?.stringValue.map { .string(String($0.prefix(64))) }
        }
        return short
    }
}
