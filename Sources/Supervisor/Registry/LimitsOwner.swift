// SPDX-License-Identifier: Apache-2.0

import Control

/// Whose limits are meant.
enum LimitsOwner: CustomStringConvertible {
    case backend(SharingKey, id: String)
    case server(String)
    case total

    var description: String {
        switch self {
        case .backend(_, let id): id
        case .server(let name): name
        case .total: "all backends together"
        }
    }

    /// Their table in the configuration.
    var path: [String] {
        switch self {
        case .backend(let key, _): ["server", key.server, "repo", key.repository]
        case .server(let name): ["server", name]
        case .total: ["slice_limits"]
        }
    }
}
