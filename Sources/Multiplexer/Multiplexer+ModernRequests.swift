// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests of the stateless era (revision 2026-07-28), each of which says for itself what its client is and can.
extension Multiplexer {
    /// Methods of the handshake era that the stateless one has not. What the server itself does not have, it says.
    private static let removed: Set<Method> = [
        .ping, .setLevel, .resourcesSubscribe, .resourcesUnsubscribe, .tasksResult, .tasksList, .rootsList,
        .createMessage, .elicit,
    ]

    mutating func handleModernRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        let meta = MetaMembers(line, envelope.params.meta)
        if let error = refusal(of: meta, line) { return answer(target, error, &actions) }
        guard envelope.knownMethod != .discover else { return handleDiscover(target, &actions) }
        if let method = envelope.knownMethod, Self.removed.contains(method) {
            return answer(target, .methodNotFound(method.rawValue), &actions)
        }
        noteModernClient(meta, line, target, &actions)
        defer { forgetLevelUnlessOpen(target) }
        switch envelope.knownMethod {
        case .subscriptionsListen: handleListen(line, envelope, target, now: now, &actions)
        default:
            if envelope.params.requestState.isPresent, era == .legacy {
                return resumeHeldCall(line, envelope, target, now: now, &actions)
            }
            handleServed(line, envelope, target, now: now, &actions)
        }
    }

    /// The ladder of the revision: what each request must carry, then whether its version is one of ours.
    func refusal(of meta: MetaMembers, _ line: Span<UInt8>) -> ErrorReply? {
        guard meta.protocolVersion.kind == .string, meta.clientCapabilities.kind == .object else {
            return .missingMeta(
                [
                    meta.protocolVersion.kind == .string ? nil : ReservedMetaKey.protocolVersion,
                    meta.clientCapabilities.kind == .object ? nil : .clientCapabilities,
                ].compactMap(\.self))
        }
        let version = String(token: meta.protocolVersion.range, of: line) ?? ""
        guard !BackendEra.modernRevisions.contains(version) else { return nil }
        return .unsupportedVersion(requested: version)
    }

    /// A client that spoke so once is shown so in the status, and hears nothing that only a handshake entitles to.
    private mutating func noteModernClient(
        _ meta: MetaMembers, _ line: Span<UInt8>, _ target: ReplyTarget, _ actions: inout Actions
    ) {
        guard let state = sessions[target.session] else { return }
        if state.phase == .opened, !state.isModern {
            sessions[target.session]?.protocolVersion = BackendEra.newestModernRevision
            let info = try? JSONValue(parsing: line.extracting(meta.clientInfo.range))
            sessions[target.session]?.clientInfo = info?.objectValue
            actions.list.append(.sessionChanged(target.session))
        }
        let name = String(token: meta.logLevel.range, of: line)
        guard let level = name.flatMap(LogSeverity.init(name:)) else { return }
        sessions[target.session]?.requestLevels[target.id] = level
        guard era == .legacy, sessions[target.session]?.level.map({ level < $0 }) ?? true else { return }
        // The backend stays as talkative as this client once wanted it: each request by itself would cost two more
        // messages. What the client gets is decided request by request.
        sessions[target.session]?.level = level
        updateLogLevel(&actions)
    }

    /// What was answered at once has no say any more in what its client is told.
    private mutating func forgetLevelUnlessOpen(_ target: ReplyTarget) {
        sessions.change(target.session) { state in
            if state?.requestLevels.isEmpty == false, state?.requests[target.id] == nil {
                state?.requestLevels[target.id] = nil
            }
        }
    }

    /// A request without the words that this session's era demands.
    mutating func refuseWithoutHandshake(_ target: ReplyTarget, _ method: Method?, _ actions: inout Actions) {
        guard sessions[target.session]?.phase == .opened else {
            return answer(target, .methodNotFound(method?.rawValue ?? ""), &actions)
        }
        let isModern = method == .discover || sessions[target.session]?.isModern == true
        let error = isModern ? ErrorReply.missingMeta([.protocolVersion, .clientCapabilities]) : nil
        answer(target, error ?? .invalid("Invalid request: initialize must come first"), &actions)
    }
}

extension SessionState {
    /// Whether the client speaks the stateless era: it made no handshake, and its requests say so.
    var isModern: Bool { phase == .opened && BackendEra.modernRevisions.contains(protocolVersion) }

    /// The least severe log message that it wants now, as far as it said so.
    var effectiveLevel: LogSeverity? { isModern ? requestLevels.values.min() : level }
}

extension ErrorReply {
    static func missingMeta(_ keys: [ReservedMetaKey]) -> ErrorReply {
        let names = keys.map(\.name).joined(separator: ", ")
        return ErrorReply(code: .invalidParams, message: "Invalid params: _meta lacks \(names)")
    }

    static func unsupportedVersion(requested: String) -> ErrorReply {
        ErrorReply(
            code: .unsupportedVersion, message: "Unsupported protocol version",
            data: [
                "supported": .array(BackendEra.modernRevisions.map(JSONValue.string)), "requested": .string(requested),
            ])
    }
}
