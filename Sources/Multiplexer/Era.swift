// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// The two eras of the protocol: one session with a handshake (revisions 2024-11-05 to 2025-11-25), and none, with all
/// that matters in every request (2026-07-28).
public enum BackendEra: String, Sendable, Codable {
    case legacy
    case modern

    /// The revisions of the stateless era that are served.
    static let modernRevisions = [newestModernRevision]
    public static let newestModernRevision = "2026-07-28"

    /// The era of a server that answered `server/discover` with this line, or with nothing.
    ///
    /// An error that only the stateless era has says so, too. The rule is not keyed on any other code: servers of the
    /// handshake era answer with whatever they like, and are right (revision 2026-07-28, versioning).
    public init(answer: Span<UInt8>) {
        self = .legacy
        guard let envelope = try? Envelope(scanning: answer), envelope.kind == .response else { return }
        let versions: JSONValue?
        if envelope.result.isEmpty {
            let error = try? JSONValue(parsing: answer.extracting(envelope.error))
            guard error?["code"]?.intValue == Int64(ErrorReply.Code.unsupportedVersion.rawValue) else { return }
            versions = error?["data"]?["supported"]
        } else {
            versions = (try? JSONValue(parsing: answer.extracting(envelope.result)))?["supportedVersions"]
        }
        let supported = versions?.arrayValue?.compactMap(\.stringValue) ?? []
        if supported.contains(where: Self.modernRevisions.contains) { self = .modern }
    }
}

/// In which words a request is to be answered.
struct AnswerForm: OptionSet, Sendable, Codable {
    let rawValue: UInt8

    /// As revision 2026-07-28 has it: with `resultType` and the server's name.
    static let modern = AnswerForm(rawValue: 1)
    /// With how long it may be kept (`ttlMs`, `cacheScope`), in the same era.
    static let cacheable = AnswerForm(rawValue: 2)
    /// A tool's failure is a result that the model can read.
    static let tool = AnswerForm(rawValue: 4)
    /// The server may ask the client something before it answers.
    static let interactive = AnswerForm(rawValue: 8)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Of the answer to this request.
    init(of request: borrowing Envelope) {
        let method = request.knownMethod
        self = request.isModern && method != .initialize ? .modern : []
        switch method {
        case .discover, .toolsList, .promptsList, .resourcesList, .resourceTemplatesList: insert(.cacheable)
        case .resourcesRead: formUnion([.cacheable, .interactive])
        case .toolsCall: formUnion([.tool, .interactive])
        case .promptsGet: insert(.interactive)
        default: break
        }
    }
}
