// SPDX-License-Identifier: Apache-2.0

/// `Reload`: reads the configuration again.
public struct ReloadParameters: MethodParameters {
    public typealias Reply = ReloadReply
    public static let method = ControlMethod.reload
    public init() {}
}

/// The files that were read, in their order.
public struct ReloadReply: Codable, Sendable, Equatable {
    public var files: [String]

    public init(files: [String]) { self.files = files }
}

/// `Drain`: takes no new sessions, ends when the last one is over.
public struct DrainParameters: MethodParameters {
    public typealias Reply = EmptyReply
    public static let method = ControlMethod.drain
    public init() {}
}

/// An answer that says only that it was done.
public struct EmptyReply: Codable, Sendable, Equatable {
    public init() {}
}

/// `Subscribe`: one answer an event, until the caller hangs up.
public struct SubscribeParameters: MethodParameters {
    public typealias Reply = Event
    public static let method = ControlMethod.subscribe
    public init() {}
}

/// Something that happened.
public struct Event: Codable, Sendable, Equatable {
    /// RFC 3339, UTC.
    public var at: String
    public var kind: String
    public var backend: String?
    public var session: String?
    /// One sentence for a human.
    public var text: String

    public init(at: String, kind: String, backend: String? = nil, session: String? = nil, text: String) {
        self.at = at
        self.kind = kind
        self.backend = backend
        self.session = session
        self.text = text
    }
}
