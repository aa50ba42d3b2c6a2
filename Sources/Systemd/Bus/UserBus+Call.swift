// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

extension UserBus {
    /// Sends a call and waits for the answer, which is read on arrival, before any later message is looked at.
    func call<Reply: Sendable>(
        _ method: BusMethod,
        write: (BusWriter) throws(SystemdError) -> Void = { (_: BusWriter) throws(SystemdError) in },
        read: @escaping (BusReader) throws(SystemdError) -> Reply
    ) async throws(BusError) -> Reply {
        loop.checkIsolated()
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Reply, BusError>, Never>) in
            do throws(SystemdError) {
                try send(method, write: write) { [unowned self] reader in
                    continuation.resume(returning: outcome(of: method, reader, read: read))
                }
            } catch {
                let lost = error.code == ENOTCONN || error.code == ECONNRESET
                continuation.resume(
                    returning: .failure(method.error(lost ? .disconnected : .system(code: error.code))))
            }
        }
        return try result.get()
    }

    /// Sends a call whose answer holds nothing.
    func call(
        _ method: BusMethod, write: (BusWriter) throws(SystemdError) -> Void
    ) async throws(BusError) {
        try await call(method, write: write, read: { (_: BusReader) throws(SystemdError) in })
    }

    /// Sends a call. `handle` is called once, with the answer or with libsystemd's own error message for a timeout or a
    /// lost connection; not at all if this throws.
    func send(
        _ method: BusMethod, write: (BusWriter) throws(SystemdError) -> Void, handle: @escaping (BusReader) -> Void
    ) throws(SystemdError) {
        var message: OpaquePointer?
        try check(
            unsafe sd_bus_message_new_method_call(
                bus, &message, Self.service, method.path, method.interface, method.member),
            "make a bus message")
        guard let message = unsafe message else { throw SystemdError("make a bus message", code: ENOMEM) }
        let writer = unsafe BusWriter(owning: message)
        try write(writer)
        let pending = PendingReply(handle)
        let userData = unsafe Unmanaged.passRetained(pending).toOpaque()
        let answered: sd_bus_message_handler_t = { message, userData, _ in
            guard let userData = unsafe userData else { return 0 }
            let pending = unsafe Unmanaged<PendingReply>.fromOpaque(userData).takeRetainedValue()
            guard let message = unsafe message else { return 0 }
            pending.handle(unsafe BusReader(message))
            return 0
        }
        let sent = unsafe sd_bus_call_async(
            bus, nil, writer.message, answered, userData, method.timeout.wholeMicroseconds)
        guard sent >= 0 else {
            unsafe Unmanaged<PendingReply>.fromOpaque(userData).release()
            throw SystemdError("send \(method.member)", code: sent)
        }
    }

    private func outcome<Reply>(
        of method: BusMethod, _ reader: BusReader, read: (BusReader) throws(SystemdError) -> Reply
    ) -> Result<Reply, BusError> {
        if let (name, message) = reader.error {
            guard isOpen else { return .failure(method.error(.disconnected)) }
            // libsystemd's own error for a call that got no answer; a peer has no reason to send it.
            if name == "org.freedesktop.DBus.Error.NoReply" { return .failure(method.error(.timedOut)) }
            return .failure(method.error(.refused(name: name, message: message)))
        }
        do throws(SystemdError) {
            return .success(try read(reader))
        } catch {
            return .failure(method.error(.system(code: error.code)))
        }
    }
}

/// What waits for an answer, as the user data of one call. libsystemd owns it until it calls back.
private final class PendingReply {
    let handle: (BusReader) -> Void

    init(_ handle: @escaping (BusReader) -> Void) { self.handle = handle }
}
