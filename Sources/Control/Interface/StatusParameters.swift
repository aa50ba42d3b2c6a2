// SPDX-License-Identifier: Apache-2.0

/// `Status`: the supervisor, its backends and sessions.
public struct StatusParameters: MethodParameters {
    public typealias Reply = StatusReply
    public static let method = ControlMethod.status

    /// Only this backend and its sessions.
    public var backend: String?

    public init(backend: String? = nil) { self.backend = backend }
}
