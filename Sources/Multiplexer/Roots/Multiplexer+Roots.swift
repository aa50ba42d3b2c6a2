// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Roots: the repository's for everybody, or with those of all sessions (protocol.md §2.7 c).
extension Multiplexer {
    /// What `roots/list` is answered with.
    var rootsResult: JSONValue {
        let own = configuration.repositoryRoots.map { root -> JSONValue in
            let name = root.split(separator: "/").last.map(String.init) ?? root
            return ["uri": .string(root.hasPrefix("file://") ? root : fileURI(root)), "name": .string(name)]
        }
        let known = Set(own.compactMap { $0["uri"]?.stringValue })
        let others = roots.all.filter { !known.contains($0["uri"]?.stringValue ?? "") }
        return ["roots": .array(own + others)]
    }

    private func fileURI(_ path: String) -> String {
        var uri = "file://"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                uri += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return uri
    }

    /// A client that can be asked for its roots is; with other policies nobody needs to know them.
    mutating func askForRoots(of session: SessionID, _ actions: inout Actions) {
        guard configuration.roots == .union, let state = sessions[session], state.phase == .initialized,
            ClientFeature.roots.isDeclared(in: state.clientCapabilities)
        else { return }
        let question = ClientQuestion(session: session, origin: .roots)
        let id = ask(question, method: Method.rootsList.rawValue, params: [], &actions)
        if let old = roots.asked(session, id) { _ = questions.remove(old) }
    }

    /// The client's answer; an error means that it has none.
    mutating func learnRoots(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, of session: SessionID, _ actions: inout Actions
    ) {
        let result = envelope.result.isEmpty ? nil : try? JSONValue(parsing: line.extracting(envelope.result))
        let before = rootsResult
        roots.answered(session, result?["roots"]?.arrayValue ?? [])
        tellBackend(ifOtherThan: before, &actions)
    }

    mutating func forgetRoots(of session: SessionID, _ actions: inout Actions) {
        guard configuration.roots == .union else { return }
        let before = rootsResult
        if let question = roots.remove(session) { _ = questions.remove(question) }
        tellBackend(ifOtherThan: before, &actions)
    }

    /// The backend hears of it when the answer would be another one.
    private func tellBackend(ifOtherThan before: JSONValue, _ actions: inout Actions) {
        guard rootsResult != before, era == .legacy, backend.phase == .ready else { return }
        let start = actions.bytes.count
        actions.write("{\"jsonrpc\":\"2.0\",\"method\":\"\(Method.rootsChanged.rawValue)\"}")
        actions.sendToBackend(nil, from: start)
    }
}
