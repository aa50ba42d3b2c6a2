// SPDX-License-Identifier: Apache-2.0

extension Multiplexer {
    /// A new configuration while sessions are there. Limits and times hold from now on; what the backend or the clients
    /// were told in their handshakes stays as it was.
    public mutating func reconfigure(_ new: MultiplexerConfiguration) {
        configuration.unknownRequests = new.unknownRequests
        configuration.unattributedNotifications = new.unattributedNotifications
        configuration.retryTools = new.retryTools
        configuration.startCalls = new.startCalls
        configuration.handshakeTimeout = new.handshakeTimeout
        configuration.maximumInFlightPerSession = new.maximumInFlightPerSession
        configuration.maximumInFlight = new.maximumInFlight
        configuration.maximumLineToClient = new.maximumLineToClient
        configuration.clientMessageLimits = new.clientMessageLimits
        configuration.maximumSessionGarbage = new.maximumSessionGarbage
    }
}
