// SPDX-License-Identifier: Apache-2.0

/// Resource limits under systemd's own property names (systemd.resource-control(5)).
///
/// Sizes are bytes. `nil` means "not set"; ``infinity`` means "no limit", which is what systemd calls it.
public struct Limits: Codable, Sendable, Equatable {
    /// The wire form of systemd's `infinity`.
    public static let infinity: Int64 = -1

    public var memoryHigh: Int64?
    public var memoryMax: Int64?
    public var memorySwapMax: Int64?
    public var tasksMax: Int64?
    public var cpuWeight: Int64?

    public init(
        memoryHigh: Int64? = nil, memoryMax: Int64? = nil, memorySwapMax: Int64? = nil, tasksMax: Int64? = nil,
        cpuWeight: Int64? = nil
    ) {
        self.memoryHigh = memoryHigh
        self.memoryMax = memoryMax
        self.memorySwapMax = memorySwapMax
        self.tasksMax = tasksMax
        self.cpuWeight = cpuWeight
    }

    enum CodingKeys: String, CodingKey {
        case memoryHigh = "MemoryHigh"
        case memoryMax = "MemoryMax"
        case memorySwapMax = "MemorySwapMax"
        case tasksMax = "TasksMax"
        case cpuWeight = "CPUWeight"
    }

    /// These limits, with every value that `other` sets in its place.
    public func overridden(by other: Limits) -> Limits {
        Limits(
            memoryHigh: other.memoryHigh ?? memoryHigh, memoryMax: other.memoryMax ?? memoryMax,
            memorySwapMax: other.memorySwapMax ?? memorySwapMax, tasksMax: other.tasksMax ?? tasksMax,
            cpuWeight: other.cpuWeight ?? cpuWeight)
    }
}
