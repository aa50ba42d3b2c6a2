// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// What came of giving a sleeping backend's memory back.
struct Reclaimed: Sendable, Equatable, Codable {
    var bytes: Int64 = 0
    /// Why it was not more, where there is a reason.
    var note: String?

    static let noCgroup =
        "its processes stand still and keep their memory: without a cgroup of its own nothing can be reclaimed"
    static let noReclaim =
        "its processes stand still and keep their memory: this kernel has no memory.reclaim (cgroup v2, Linux 5.19)"
}

/// Where memory that belongs to no file can go.
struct SwapRoom: Equatable {
    /// Bytes, of the machine.
    var total: Int64 = 0
    var free: Int64 = 0
    /// The smallest memory.swap.max up the tree; `nil`: none.
    var limit: Int64?

    /// Why nothing but file pages can be given back; `nil` where there is room.
    var shortcoming: String? {
        if total == 0 { return "this machine has no swap: only pages of files could be given back" }
        if limit == 0 { return "MemorySwapMax=0 keeps it out of swap: only pages of files could be given back" }
        if free < 1 << 20 { return "the swap is full: only pages of files could be given back" }
        return nil
    }

    init(meminfo: String, limit: Int64?) {
        self.limit = limit
        for line in meminfo.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]) else { continue }
            if words[0] == "SwapTotal:" { total = kibibytes * 1024 }
            if words[0] == "SwapFree:" { free = kibibytes * 1024 }
        }
    }

    /// As the kernel tells it now.
    ///
    /// - Parameter group: the backend's cgroup; `nil` when it has none of its own.
    static func now(_ group: UnitCgroup?) -> SwapRoom {
        SwapRoom(meminfo: Files.text("/proc/meminfo") ?? "", limit: group?.swapLimit.map { Int64(clamping: $0) })
    }
}
