// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Accepts connections on the control socket.
final class ControlListener: StreamHandler {
    private var socket: Int32?
    private unowned let registry: Registry
    private let service: ControlService
    private var token: StreamToken?
    /// Out of descriptors or memory since a while, and until when nothing is accepted for that.
    private var isShort = false
    private var pause: EventSource?
    /// Milliseconds.
    private static let patience: Int64 = 100
    private(set) var connections: [ObjectIdentifier: ControlConnection] = [:]

    init(_ socket: consuming Descriptor, registry: Registry) throws(PosixError) {
        socket.makeNonBlocking()
        self.registry = registry
        service = ControlService(registry: registry)
        let raw = socket.release()
        self.socket = raw
        token = try registry.streams.add(raw, .readable, self)
    }

    func ready(_ readiness: Readiness) { acceptAll() }

    /// Takes every connection that is waiting.
    func acceptAll() {
        while let socket {
            do {
                guard let accepted = try UnixSocket.accept(socket) else { return }
                isShort = false
                do { try take(accepted) } catch { registry.log.error("\(error), ignoring") }
            } catch {
                return rest(after: error)
            }
        }
    }

    /// Out of descriptors or memory: whoever waits goes on waiting, and so do we, instead of asking again at once.
    private func rest(after error: PosixError) {
        guard let token else { return }
        if !isShort { registry.log.error("\(error); connections wait until there is room") }
        isShort = true
        registry.streams.modify(token, [])
        pause = registry.timer(milliseconds: ControlListener.patience) { [unowned self] in
            pause = nil
            guard let token = self.token else { return }
            registry.streams.modify(token, .readable)
        }
    }

    /// A peer of another uid is refused before a byte is read: whoever may talk to us may run commands as us.
    private func take(_ accepted: consuming Descriptor) throws(PosixError) {
        let peer = try UnixSocket.peer(of: accepted.raw)
        guard peer.uid == OwnProcess.uid else {
            registry.log.warning("refused a connection of process \(peer.pid): its uid is \(peer.uid), not ours")
            return
        }
        let refusal = connections.count < registry.configuration.clientLimits.connections ? nil : full(peer)
        // Whoever comes on top of those who are being told is left to the end of the connection.
        if refusal != nil, connections.count >= registry.configuration.clientLimits.connections + 16 { return }
        let connection = try ControlConnection(accepted, peer: peer, registry: registry, service: service)
        connection.refusal = refusal
        connections[ObjectIdentifier(connection)] = connection
        connection.onClosed = { [unowned self] connection in
            registry.loop.afterDispatch { [weak self] in
                self?.connections[ObjectIdentifier(connection)] = nil
                self?.registry.becameQuiet()
            }
        }
    }

    /// One that finds the house full is told so when it asks for something.
    private func full(_ peer: PeerCredentials) -> ControlError {
        let reason =
            "\(connections.count) control connections are open, as many as connections_max allows; end some agents, or "
            + "raise connections_max in the configuration"
        registry.log.warning("refused a connection of process \(peer.pid): \(reason)")
        return .refused(reason: reason)
    }

    /// Takes no more. systemd's own copy of its socket stays open and keeps what waits; where there is no other copy,
    /// newcomers are refused from now on and start the next supervisor.
    func close() {
        if let token { registry.streams.remove(token) }
        token = nil
        pause = nil
        if let socket { _ = Descriptor(owning: socket) }
        socket = nil
    }

    deinit {
        if let socket { _ = Descriptor(owning: socket) }
    }
}
