// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Requests and answers between a client of one era and a backend of the other (protocol.md §2.9).
extension Multiplexer {
    /// Whether the messages of this request need more than another id.
    func needsTranslation(_ target: ReplyTarget) -> Bool { target.form.contains(.modern) != (era == .modern) }

    /// Writes the request under the id of ours.
    func translateRequest(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, id: UInt64, _ actions: inout Actions
    ) {
        let idEdit = Edit(range: envelope.id, replacement: .number(id))
        let params =
            era == .legacy
            ? withoutReservedMembers(line, envelope, id: id) : withClientMembers(line, envelope, target, id)
        actions.splice(line, envelope, [idEdit, params])
    }

    /// A server of the handshake era is told nothing of the other's keys; vendors' and trace context stay.
    private func withoutReservedMembers(_ line: Span<UInt8>, _ envelope: borrowing Envelope, id: UInt64) -> Edit {
        let meta = envelope.params.meta
        let token = envelope.params.metaProgressToken
        var scratch = Actions()
        scratch.write("{")
        for (index, member) in MetaMembers(line, meta).others.enumerated() {
            if index > 0 { scratch.write(",") }
            let holdsToken = token.isUsableProgressToken && member.contains(token.range.lowerBound)
            scratch.write(
                line, member, holdsToken ? [Edit(range: token.range, replacement: .number(id))] : [])
        }
        scratch.write("}")
        return Edit(range: meta.range, replacement: .text(scratch.bytes))
    }

    /// A server of the stateless era is told with each request what its client said once.
    private func withClientMembers(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, _ id: UInt64
    ) -> Edit {
        let members = clientMembers(of: target.session)
        let params = envelope.params
        guard !params.range.isEmpty else {
            let place = envelope.object.upperBound - 1
            let text = ",\"params\":{\"_meta\":{".utf8 + members + "}}".utf8
            return Edit(range: place..<place, replacement: .text(text))
        }
        guard params.meta.kind == .object else {
            // A vendor's array has no place for it.
            guard line[params.range.lowerBound] == UInt8(ascii: "{"), !params.meta.isPresent else {
                return Edit(range: params.range, replacement: .text(copy(line, params.range)))
            }
            let text = "\"_meta\":{".utf8 + members + "}".utf8
            return insertion(of: text, in: params.range, isEmpty: isEmptyObject(line, params.range))
        }
        let meta = params.meta.range
        let token = params.metaProgressToken
        var scratch = Actions()
        let edits = token.isUsableProgressToken ? [Edit(range: token.range, replacement: .number(id))] : []
        scratch.write(
            line, meta, edits + [insertion(of: members, in: meta, isEmpty: isEmptyObject(line, meta))])
        return Edit(range: meta, replacement: .text(scratch.bytes))
    }

    /// The members of `_meta` that say who asks.
    func clientMembers(of session: SessionID) -> [UInt8] {
        clientMembers(of: session, level: sessions[session].map { $0.level ?? .standard })
    }

    func clientMembers(of session: SessionID, level: LogSeverity?) -> [UInt8] {
        guard let state = sessions[session] else { return ownMembers }
        let capabilities = state.clientCapabilities.isEmpty ? Array("{}".utf8) : state.clientCapabilities
        let info = state.clientInfo.map { JSONValue.object($0) } ?? ownClientInfo
        return members(capabilities: capabilities, info: info, level: level)
    }

    /// The same for what nobody but ourselves asks.
    var ownMembers: [UInt8] { members(capabilities: Array("{}".utf8), info: ownClientInfo, level: nil) }

    /// The same for what is about a task: only who says that he knows tasks may ask (ext-tasks, protocol errors).
    var ownTaskMembers: [UInt8] {
        let capabilities = "{\"extensions\":{\"\(TaskWords.extensionName)\":{}}}"
        return members(capabilities: Array(capabilities.utf8), info: ownClientInfo, level: nil)
    }

    private var ownClientInfo: JSONValue {
        ["name": .string(configuration.clientName), "version": .string(configuration.clientVersion)]
    }

    private func members(capabilities: [UInt8], info: JSONValue, level: LogSeverity?) -> [UInt8] {
        var list = [
            member(ReservedMetaKey.protocolVersion.name, "\"\(BackendEra.newestModernRevision)\"".utf8),
            member(ReservedMetaKey.clientCapabilities.name, capabilities),
            member(ReservedMetaKey.clientInfo.name, info.text.utf8),
        ]
        if let level { list.append(member(ReservedMetaKey.logLevel.name, "\"\(level.name)\"".utf8)) }
        return joined(list)
    }

    /// Parameters of a request of our own as this backend wants them.
    func ownParameters(_ params: String?, as members: [UInt8]) -> String? {
        guard era == .modern else { return params }
        let meta = String(decoding: members.isEmpty ? ownMembers : members, as: UTF8.self)
        let rest = params.map { $0.dropFirst() } ?? "}"
        return "{\"_meta\":{\(meta)}\(rest == "}" ? "" : ",")\(rest)"
    }
}

extension Envelope.Token {
    /// Schema, ProgressToken: a string or a number.
    var isUsableProgressToken: Bool { kind == .string || kind == .integer || kind == .otherNumber }
}
