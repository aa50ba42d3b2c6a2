// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A client that shakes hands again begins anew.
extension MetaToolSession {
    /// What the client asked before is not wanted any more and gets no answer, neither here nor from the multiplexer.
    mutating func beginAnew() -> [MetaToolStep] {
        let open =
            waiting.map(\.id) + searches.sorted { $0.key < $1.key }.map(\.value.asker.id)
            + heldHandshakes.map(\.id) + batches.flatMap(\.answered)
        waiting = []
        searches = [:]
        handshakes = []
        heldHandshakes = []
        batches = []
        calls = [:]
        fetch = nil
        return open.map { .settled($0, isAnswered: false) }
    }
}
