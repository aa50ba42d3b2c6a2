// SPDX-License-Identifier: Apache-2.0

import Posix
import Systemd

/// What the service manager keeps for us over a restart: the pipes of backends, and what we know of them
/// (systemd.service(5), FileDescriptorStoreMax=). It keeps duplicates: no pipe ends before it was taken out here.
final class DescriptorStore {
    private var names: Set<String> = []
    private let log: Log
    /// Whether it was said that there is no room.
    var isFull = false

    init(log: Log) { self.log = log }

    /// The three descriptors of one backend.
    static let parts = ["in", "out", "record"]

    static func name(_ part: String, _ unit: String) -> String { "\(part).\(unit)" }

    var count: Int { names.count }

    func store(_ descriptor: Int32, as name: String) {
        do throws(SystemdError) {
            try ServiceNotification.storeDescriptor(name: name, descriptor)
            names.insert(name)
        } catch {
            log.warning("\(error); this backend would not outlive a restart")
        }
    }

    /// Waits until the manager has what was stored.
    func settle() { _ = try? ServiceNotification.barrier() }

    /// It is there already, from before our time.
    func inherited(_ name: String) { names.insert(name) }

    func remove(_ name: String) {
        guard names.remove(name) != nil else { return }
        ServiceNotification.removeStored(name: name)
    }

    /// Whatever else the manager holds is nobody's.
    func removeOthers(than kept: Set<String>) {
        for name in names where !kept.contains(name) { remove(name) }
    }

    func removeAll(of unit: String) {
        for part in DescriptorStore.parts { remove(DescriptorStore.name(part, unit)) }
    }
}

/// What the manager gave us back.
final class StoredDescriptors {
    private var byName: [String: Int32]

    init(_ descriptors: [(name: String, descriptor: Int32)]) {
        byName = Dictionary(descriptors.map { ($0.name, $0.descriptor) }) { first, _ in first }
    }

    var names: [String] { byName.keys.sorted() }

    func take(_ name: String) -> Descriptor? { byName.removeValue(forKey: name).map { Descriptor(owning: $0) } }

    /// The control socket: the one that was not stored.
    func takeSocket() -> Descriptor? {
        let name = names.first { name in !DescriptorStore.parts.contains { name.hasPrefix($0 + ".") } }
        return name.flatMap { take($0) }
    }

    deinit { for descriptor in byName.values { _ = Descriptor(owning: descriptor) } }
}
