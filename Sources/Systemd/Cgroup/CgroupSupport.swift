// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Which limits the kernel can enforce for the units of a user manager. systemd takes every limit, reads it back as
/// set, and says nothing when the controller behind it is missing; so this has to be looked up.
public struct CgroupSupport: Sendable, Equatable {
    /// What is mounted on /sys/fs/cgroup.
    public enum Hierarchy: String, Sendable {
        /// cgroup v2 alone.
        case unified
        /// v1 controllers, and an empty v2 tree that systemd uses for its bookkeeping.
        case hybrid
        /// v1 alone.
        case legacy
        case none
    }

    public let hierarchy: Hierarchy
    /// The controllers that act on the manager's units: `memory`, `pids`, `cpu`, …
    public let controllers: Set<String>

    public init(hierarchy: Hierarchy, controllers: Set<String>) {
        self.hierarchy = hierarchy
        self.controllers = controllers
    }

    /// MemoryMax= and MemorySwapMax= have an effect.
    public var limitsMemory: Bool { controllers.contains("memory") }
    /// MemoryHigh= has one too; v1 has nothing like it.
    public var throttlesMemory: Bool { hierarchy == .unified && limitsMemory }
    /// TasksMax= has an effect.
    public var limitsTasks: Bool { controllers.contains("pids") }
    /// CPUWeight= and CPUQuota= have an effect.
    public var weighsCPU: Bool { controllers.contains("cpu") }
    /// FreezeUnit works.
    public var freezes: Bool { hierarchy == .unified }

    /// Looks at the cgroup tree.
    ///
    /// - Parameter managerGroup: The manager's own cgroup, `ManagerFeatures.controlGroup`; nil if there is no manager.
    public static func probe(managerGroup: String?, root: String = "/sys/fs/cgroup") -> CgroupSupport {
        let hierarchy = hierarchy(root)
        guard let managerGroup else { return CgroupSupport(hierarchy: hierarchy, controllers: []) }
        switch hierarchy {
        case .none: return CgroupSupport(hierarchy: .none, controllers: [])
        case .unified:
            let list = CgroupFile.read("\(root)\(managerGroup)/cgroup.controllers") ?? ""
            return CgroupSupport(hierarchy: .unified, controllers: words(list))
        case .hybrid, .legacy:
            // v1 cannot be delegated to unprivileged managers: their processes stay where they were.
            let ours = ["memory", "pids", "cpu"].filter { controller in
                unsafe access("\(root)/\(controller)\(managerGroup)", W_OK) == 0
            }
            return CgroupSupport(hierarchy: hierarchy, controllers: Set(ours))
        }
    }

    private static func hierarchy(_ root: String) -> Hierarchy {
        if isUnified(root) { return .unified }
        if isUnified("\(root)/unified") { return .hybrid }
        return unsafe access("\(root)/systemd", F_OK) == 0 ? .legacy : .none
    }

    private static func isUnified(_ path: String) -> Bool {
        var information = statfs()
        // CGROUP2_SUPER_MAGIC, linux/magic.h
        return unsafe statfs(path, &information) == 0 && information.f_type == 0x6367_7270
    }

    private static func words(_ text: String) -> Set<String> {
        Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
    }
}
