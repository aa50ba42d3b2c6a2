// SPDX-License-Identifier: Apache-2.0

/// The machine's timers. It has no clock: the shell runs them and tells it the time.
public enum MultiplexerTimer: Hashable, Sendable, Codable {
    /// The backend's answer to `initialize`.
    case handshake
    /// The backend's answers to list requests.
    case lists
    /// Bursts of list_changed become one.
    case listChanged
    /// Cancelled requests that the backend never answers are forgotten at last.
    case tombstones
    /// The agent closed its input; what is in flight may still be answered.
    case grace(SessionID)
    /// A client was asked something on behalf of a call, or the call is to be sent again after a moment.
    case round(UInt64)
    /// Clients that were asked something and do not come back.
    case heldCalls
    /// Tasks whose session does not come back, or that have run out.
    case tasks
}

/// How much a log line matters, to the supervisor's own log.
public enum LogLevel: Sendable {
    case debug
    case info
    case notice
    case warning
    case error
}
