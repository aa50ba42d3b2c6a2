// SPDX-License-Identifier: Apache-2.0

/// What this user manager can do, found by asking for properties.
public struct ManagerFeatures: Sendable, Equatable {
    /// Scopes take `OOMPolicy` (253; Debian's 252 does not).
    public var oomPolicy = false
    /// Scopes take `MemoryPressureWatch` (254).
    public var memoryPressureWatch = false
    /// Units report `MemoryPeak` (255); else read `memory.peak` of the cgroup.
    public var memoryPeak = false
    /// Units report `EffectiveMemoryMax`, the smallest limit up the tree (256).
    public var effectiveLimits = false
    /// Units report `OOMKills` (259).
    public var oomKills = false
    /// The manager's version as its distribution calls it, for people to read.
    public var version = ""
    /// The manager's own cgroup below the cgroup root, nil when it did not say.
    public var controlGroup: String?

    public init() {}
}

extension UserBus {
    /// Asks the manager what it can do. What it does not answer it cannot do.
    public func managerFeatures() async -> ManagerFeatures {
        var features = ManagerFeatures()
        features.oomPolicy = await knowsScopeProperty("OOMPolicy")
        features.memoryPressureWatch = await knowsScopeProperty("MemoryPressureWatch")
        features.memoryPeak = await knowsScopeProperty("MemoryPeak")
        features.effectiveLimits = await knowsScopeProperty("EffectiveMemoryMax")
        features.oomKills = await knowsScopeProperty("OOMKills")
        features.version = (try? await managerString("Version")) ?? ""
        features.controlGroup = try? await managerString("ControlGroup")
        return features
    }
}
