// SPDX-License-Identifier: Apache-2.0

import Multiplexer

extension ClientLimits {
    /// What clients take, the longest name first, and what is configured before what is built in.
    var messageLimits: [ClientMessageLimit] {
        let configured = messageSizeToClient.map { ClientMessageLimit(client: $0.key, bytes: Int($0.value)) }
        return configured.sorted { ($1.client.count, $0.client) < ($0.client.count, $1.client) }
            + ClientMessageLimit.known
    }
}
