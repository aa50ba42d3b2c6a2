// SPDX-License-Identifier: Apache-2.0

/// Where the parts of one JSON-RPC message lie in its line, found in one pass. Nothing is decoded.
///
/// An envelope exists only for a line that is one whole JSON object: what it describes may be relayed as it is.
/// Ranges are offsets into the line that was scanned; a part that is absent has an empty range.
public struct Envelope: Sendable {
    /// What the members present make of it (JSON-RPC 2.0 §4, §5).
    public enum Kind: Sendable {
        case request
        case notification
        case response
        case invalid
    }

    /// Why a message is refused although it is JSON. Guessing which of two ids or names counts would be a way around.
    public enum Fault: Sendable, Equatable {
        case noVersion
        case duplicateMember
        case methodIsNoString
        case paramsAreNoContainer
        /// Neither a method, nor exactly one of result and error.
        case shapeless
    }

    /// The whole object, without white space around it.
    public internal(set) var object = 0..<0
    /// The id's token, with its quotation marks.
    public internal(set) var id = 0..<0
    public internal(set) var idKind: JSONKind?
    /// The method's name, without quotation marks.
    public internal(set) var method = 0..<0
    public internal(set) var methodKind: JSONKind?
    /// Which method it is, compared after unescaping; nil for one that is not known.
    public internal(set) var knownMethod: Method?
    public internal(set) var params = Params()
    public internal(set) var result = 0..<0
    public internal(set) var resultParts = ResultParts()
    public internal(set) var error = 0..<0
    public internal(set) var fault: Fault?
    /// Whether line breaks stood between tokens: they become spaces on the way out.
    public internal(set) var hasLineBreaks = false

    init() {}

    public var kind: Kind {
        if fault != nil { return .invalid }
        if methodKind != nil { return idKind == nil ? .notification : .request }
        return idKind != nil && result.isEmpty != error.isEmpty ? .response : .invalid
    }

    /// Whether it is written in the words of the stateless era (2026-07-28).
    public var isModern: Bool { params.protocolVersion.isPresent }

    /// Whether the id is a string or an integer, the only kinds MCP allows.
    public var hasUsableID: Bool { idKind == .string || idKind == .integer }
}

extension Envelope {
    /// The members of `params` that somebody in the middle has to look at.
    public struct Params: Sendable {
        public internal(set) var range = 0..<0
        public internal(set) var name = Token()
        public internal(set) var uri = Token()
        public internal(set) var cursor = Token()
        public internal(set) var level = Token()
        public internal(set) var task = Token()
        /// Of `notifications/cancelled`.
        public internal(set) var requestID = Token()
        /// Of `notifications/progress`.
        public internal(set) var progressToken = Token()
        public internal(set) var meta = Token()
        /// `_meta.progressToken` of a request.
        public internal(set) var metaProgressToken = Token()
        /// `_meta["io.modelcontextprotocol/protocolVersion"]`: present in requests of revision 2026-07-28 and later.
        public internal(set) var protocolVersion = Token()
        /// `_meta["io.modelcontextprotocol/subscriptionId"]`: the request that a notification of that era belongs to.
        public internal(set) var subscriptionID = Token()
        /// What a retry of that era brings back.
        public internal(set) var requestState = Token()
        /// Whether there are members besides `_meta` and those named here.
        public internal(set) var hasOthers = false
    }

    /// One value, with the quotation marks of a string.
    public struct Token: Sendable, Equatable {
        public internal(set) var range = 0..<0
        public internal(set) var kind: JSONKind?

        public init() {}

        public var isPresent: Bool { kind != nil }
    }
}

extension String {
    /// The text of a string token (quotation marks included), unescaped; nil for any other token.
    public init?(token range: Range<Int>, of bytes: Span<UInt8>) {
        guard case .string(let text)? = try? JSONValue(parsing: bytes.extracting(range)) else {
            return nil
        }
        self = text
    }
}
