// SPDX-License-Identifier: Apache-2.0

import Control

/// Limits that were set while the supervisor runs, and not written down: they hold over the configuration's, also over
/// one that is read again. Of what was set for a server and for one of its backends, the last counts.
struct RunTimeLimits {
    private var servers: [String: Limits] = [:]
    private var backends: [SharingKey: Limits] = [:]

    func of(server: String) -> Limits { servers[server] ?? Limits() }

    func of(_ key: SharingKey) -> Limits { of(server: key.server).overridden(by: backends[key] ?? Limits()) }

    mutating func set(_ limits: Limits, of whose: LimitsOwner) {
        switch whose {
        case .backend(let key, _): backends[key] = (backends[key] ?? Limits()).overridden(by: limits)
        case .server(let name):
            forget(limits, ofServer: name)
            servers[name] = of(server: name).overridden(by: limits)
        case .total: break
        }
    }

    /// From now on the configuration says it.
    mutating func wereWritten(_ limits: Limits, of whose: LimitsOwner) {
        switch whose {
        case .backend(let key, _):
            // What was set for all of the server's is older.
            let older = limits.only(of(server: key.server))
            backends[key] = (backends[key] ?? Limits()).without(limits).overridden(by: older)
        case .server(let name): forget(limits, ofServer: name)
        case .total: break
        }
    }

    private mutating func forget(_ limits: Limits, ofServer name: String) {
        servers[name] = servers[name]?.without(limits)
        for key in backends.keys where key.server == name { backends[key] = backends[key]?.without(limits) }
    }
}

extension Limits {
    /// These limits without those that `other` sets.
    func without(_ other: Limits) -> Limits { filtered { other[keyPath: $0] == nil } }

    /// Of these limits those that `other` sets.
    func only(_ other: Limits) -> Limits { filtered { other[keyPath: $0] != nil } }

    private func filtered(_ isKept: (KeyPath<Limits, Int64?>) -> Bool) -> Limits {
        var result = self
        for property in LimitProperty.allCases where !isKept(property.keyPath) {
            result[keyPath: property.keyPath] = nil
        }
        return result
    }
}
