// SPDX-License-Identifier: Apache-2.0

/// `Release`: lets a hold of `Request` go.
public struct ReleaseParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.release

    /// An id, a unique prefix of one, or a repository path; so in every method that takes a backend.
    public var backend: String
    /// Stops it at once if nobody else holds it, without waiting for the idle time.
    public var now: Bool?

    public init(backend: String, now: Bool? = nil) {
        self.backend = backend
        self.now = now
    }
}

/// `Stop`: ends a backend's process; the next request starts a new one.
public struct StopParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.stop
    public var backend: String
    public init(backend: String) { self.backend = backend }
}

/// `Restart`: ends a backend's process and starts a new one.
public struct RestartParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.restart
    public var backend: String
    public init(backend: String) { self.backend = backend }
}

/// `Hibernate`: freezes an idle backend and gives its memory back.
public struct HibernateParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.hibernate
    public var backend: String
    public init(backend: String) { self.backend = backend }
}

/// `Wake`: thaws a hibernated backend.
public struct WakeParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.wake
    public var backend: String
    public init(backend: String) { self.backend = backend }
}

/// `Trust`: accepts a backend's tools as they are defined now.
public struct TrustParameters: MethodParameters {
    public typealias Reply = BackendReply
    public static let method = ControlMethod.trust
    public var backend: String
    public init(backend: String) { self.backend = backend }
}
