// SPDX-License-Identifier: Apache-2.0

/// Where the backend is in its life, as far as messages are concerned.
struct BackendState: Sendable, Codable {
    enum Phase: Sendable, Codable {
        case stopped
        /// A start was asked for.
        case requested
        /// `initialize` is at the backend.
        case handshaking
        case ready
        /// The start failed; the process is still to be told so.
        case failed
    }

    var phase = Phase.stopped
    var generation = 0
    /// The level last sent to it.
    var level: LogSeverity?
    /// Bytes that were no messages, before the first message.
    var garbageBytes = 0
    var garbageLines = 0
    var hasSpoken = false
    /// It was taken over asleep: log level, listens and lists are asked for once it wakes.
    var isUnasked = false
    /// Whether it was seen to go on with a request long after it had read that this was cancelled.
    var ignoresCancellation = false
}
