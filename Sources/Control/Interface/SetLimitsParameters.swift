// SPDX-License-Identifier: Apache-2.0

/// `SetLimits`: reads limits, or changes them while the backend runs. Exactly one of `backend`, `server`, `total`.
public struct SetLimitsParameters: MethodParameters {
    public typealias Reply = SetLimitsReply
    public static let method = ControlMethod.setLimits

    public var backend: String?
    public var server: String?
    /// All backends together: the slice.
    public var total: Bool?
    /// What to change; `nil` to read. A value of `nil` inside stays as it is.
    public var set: Limits?
    /// Writes the change into the configuration, too.
    public var persist: Bool?

    public init(
        backend: String? = nil, server: String? = nil, total: Bool? = nil, set: Limits? = nil, persist: Bool? = nil
    ) {
        self.backend = backend
        self.server = server
        self.total = total
        self.set = set
        self.persist = persist
    }
}

/// The limits now in force.
public struct SetLimitsReply: Codable, Sendable, Equatable {
    public var limits: Limits
    /// The unit that has them; `nil` while there is none, or for a server.
    public var unit: String?
    /// The file the change was written to.
    public var persisted: String?

    public init(limits: Limits, unit: String?, persisted: String? = nil) {
        self.limits = limits
        self.unit = unit
        self.persisted = persisted
    }
}
