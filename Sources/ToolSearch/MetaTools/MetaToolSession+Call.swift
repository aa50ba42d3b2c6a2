// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// `tools/call`: of a meta-tool, which is answered here or becomes the call it stands for, or of a tool itself.
extension MetaToolSession {
    /// - Parameter mayWait: whether the request may wait for a newer catalog.
    mutating func call(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ view: MetaToolView, mayWait: Bool
    ) -> MetaToolVerdict {
        guard envelope.hasUsableID, let name = String(token: envelope.params.name.range, of: line) else {
            return .pass
        }
        guard let tool = MetaTool(rawValue: name), tool != .callRead || options.isSplit else {
            return callDirectly(line, envelope, name, view, mayWait: mayWait)
        }
        // Before `auto` has judged, the client cannot have been shown these.
        guard isOn == true else { return .pass }
        let arguments = rawMembers(line, envelope.params.range)?["arguments"]
        switch tool {
        case .find: return find(line, envelope, arguments, view, mayWait: mayWait)
        case .describe: return describe(line, envelope, arguments, view, mayWait: mayWait)
        case .call, .callRead:
            return callThrough(line, envelope, arguments, view, onlyRead: tool == .callRead, mayWait: mayWait)
        }
    }

    /// A tool that the client remembers from another session, or reads of in the instructions: it is executed. Of a
    /// name that is nobody's the server speaks.
    private mutating func callDirectly(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ name: String, _ view: MetaToolView, mayWait: Bool
    ) -> MetaToolVerdict {
        guard isOn == true, !options.pins.contains(name) else { return .pass }
        guard let catalog = view.catalog else {
            // As some clients name tools; the server's own name of it is in the list.
            let hasPrefix = ToolName.readings(of: name, server: view.server).count > 1
            return mayWait && hasPrefix ? .replaced(wait(line, envelope)) : .pass
        }
        guard let found = catalog.resolve(name) else {
            if view.isFresh { tally.wrongNames += 1 }
            return .pass
        }
        if !found.isExact, mayWait, !view.isFresh { return .replaced(wait(line, envelope)) }
        tally.directCalls += 1
        calls[RawToken(line, envelope.id)] = found.entry.name
        guard !found.isExact else { return .pass }
        tally.repairedArguments += 1
        let edit = RawEdit(range: envelope.params.name.range, bytes: quoted(found.entry.name))
        return .replaced([.toServer(spliced(line, envelope, [edit]))])
    }

    private mutating func callThrough(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ arguments: RawMember?, _ view: MetaToolView,
        onlyRead: Bool, mayWait: Bool
    ) -> MetaToolVerdict {
        let asker = Asker(line, envelope)
        let wanted: WantedCall
        switch WantedCall.read(arguments.map { [UInt8](line, $0.value) }) {
        case .refused(let reason): return refuse(asker, reason)
        case .call(let call): wanted = call
        }
        guard let catalog = view.catalog else {
            if mayWait { return .replaced(wait(line, envelope)) }
            if onlyRead {
                let reason = view.unavailable ?? "its tools are not known"
                let words = "\(reason), so nobody knows which only read; call_tool calls any."
                return .replaced([tell(asker, [words], isError: true)])
            }
            return send(line, envelope, arguments, wanted, as: wanted.name)
        }
        let resolved = catalog.resolve(wanted.name)
        // A name that has to be guessed may be the very name of a tool that came just now; and what only read may do
        // more now.
        if onlyRead || resolved?.isExact != true, mayWait, !view.isFresh { return .replaced(wait(line, envelope)) }
        guard let found = resolved else { return unknown(asker, wanted.name, catalog) }
        let entry = found.entry
        let call = wanted.unwrapped(for: entry)
        if call.looksLikeSchema(of: entry) {
            return refuse(asker, "arguments holds the schema of \(entry.name); fill it in: give values, not types.")
        }
        if onlyRead, !entry.isReadOnly {
            return refuse(asker, "\(entry.name) is not read-only: call it with call_tool.")
        }
        if call.isRepaired || !found.isExact { tally.repairedArguments += 1 }
        return send(line, envelope, arguments, call, as: entry.name)
    }

    /// The call that was meant, under the client's id, with its `_meta`.
    private mutating func send(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ arguments: RawMember?, _ call: WantedCall,
        as name: String
    ) -> MetaToolVerdict {
        guard let arguments else { return .pass }
        tally.calls += 1
        calls[RawToken(line, envelope.id)] = name
        let edits = [
            RawEdit(range: envelope.params.name.range, bytes: quoted(name)),
            RawEdit(range: arguments.value, bytes: call.arguments),
        ]
        return .replaced([.toServer(spliced(line, envelope, edits))])
    }

    private mutating func unknown(_ asker: Asker, _ name: String, _ catalog: ToolCatalog) -> MetaToolVerdict {
        if MetaTool(rawValue: name) != nil {
            return refuse(asker, "\(name) is called directly, not through call_tool.")
        }
        tally.wrongNames += 1
        let near = catalog.closest(to: name, count: 3)
        let hint = near.isEmpty ? "" : " Nearest: \(near.joined(separator: ", "))."
        let words = "\(catalog.server) has no tool \"\(ToolName.shown(name))\".\(hint) find_tool searches all of them."
        return .replaced([tell(asker, [words], isError: true)])
    }

    /// What the model got wrong, other than a name.
    mutating func refuse(_ asker: Asker, _ reason: String) -> MetaToolVerdict {
        tally.refusals += 1
        return .replaced([tell(asker, [reason], isError: true)])
    }

    private func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        writeJSONString(text, to: &bytes)
        return bytes
    }
}
