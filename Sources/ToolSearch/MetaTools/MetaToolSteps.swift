// SPDX-License-Identifier: Apache-2.0

public import MCPWire

/// What is known of the backend at the moment of an event.
public struct MetaToolView: Sendable {
    /// The server's name.
    public let server: String
    /// Nil: its tools were never listed.
    public var catalog: ToolCatalog?
    /// Whether nothing happened since that may have changed the list.
    public var isFresh: Bool
    /// The server's instructions, whole.
    public var instructions: String
    /// Why calls would fail just now.
    public var unavailable: String?
    /// Whether the session's revision has batches.
    public var takesBatches = false
    /// Bytes that one line to its client may have.
    public var lineLimit = Int.max

    public init(
        server: String, catalog: ToolCatalog?, isFresh: Bool, instructions: String, unavailable: String? = nil
    ) {
        self.server = server
        self.catalog = catalog
        self.isFresh = isFresh
        self.instructions = instructions
        self.unavailable = unavailable
    }
}

/// What a session's meta-tools want done. Lines end with a newline.
public enum MetaToolStep: Sendable, Equatable {
    case toClient([UInt8])
    /// To the multiplexer, as a line of the session's client.
    case toServer([UInt8])
    /// Rank the catalog; the answer is `found`.
    case search(ticket: UInt64, query: String, limit: Int)
    /// The whole list, as the session's backend tells it; the answer is `catalogChanged`.
    case learned([[UInt8]])
    /// The backend says that its list is another one now.
    case listChanged
    /// A request waits here: its answer is owed, and whoever keeps books of that must know.
    case owed(RawToken)
    /// Its answer is the line before; or it goes on to the multiplexer, or nobody wants it any more.
    case settled(RawToken, isAnswered: Bool)
}

/// What becomes of a line.
public enum MetaToolVerdict: Sendable, Equatable {
    /// It goes on as it came.
    case pass
    /// These take its place.
    case replaced([MetaToolStep])
}

/// Whom an answer of ours is for.
struct Asker: Sendable, Codable {
    let id: RawToken
    /// Whether the request was in the words of revision 2026-07-28, whose results say that they are complete.
    let isModern: Bool

    init(_ line: Span<UInt8>, _ envelope: borrowing Envelope) {
        id = RawToken(line, envelope.id)
        isModern = envelope.isModern
    }

    /// A response with this result: the members of an object, without its brackets.
    func answer(_ members: [UInt8]) -> MetaToolStep {
        var line: [UInt8] = []
        line.write("{\"jsonrpc\":\"2.0\",\"id\":")
        id.write(to: &line)
        line.write(",\"result\":{")
        if isModern { line.write("\"resultType\":\"complete\",") }
        line += members
        line.write("}}\n")
        return .toClient(line)
    }

    func refusal(code: Int64, _ text: String) -> MetaToolStep {
        let error: JSONValue = ["code": .int(code), "message": .string(text)]
        var line = Array("{\"jsonrpc\":\"2.0\",\"id\":".utf8)
        id.write(to: &line)
        return .toClient(line + ",\"error\":\(error.text)}\n".utf8)
    }

    /// A tool's result: texts, and whether it is an error.
    func answer(texts: [String], isError: Bool = false, structured: [UInt8]? = nil) -> MetaToolStep {
        var members: [UInt8] = []
        members.write("\"content\":")
        JSONValue.array(texts.map { ["type": "text", "text": .string($0)] }).write(to: &members)
        if let structured {
            members.write(",\"structuredContent\":")
            members += structured
        }
        members.write(",\"isError\":\(isError)")
        return answer(members)
    }
}
