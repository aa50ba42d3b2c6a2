// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix

extension ControlService {
    /// Puts a backend to sleep, and answers when what can be reclaimed is.
    func hibernate(_ parameters: HibernateParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        guard backend.lifecycle.phase == .ready, backend.process != nil else {
            throw .refused(
                reason: "backend \(backend.id) is \(backend.state.rawValue): only one that runs can hibernate")
        }
        let calls = backend.multiplexer.inFlight + backend.waitingCalls.count
        guard calls == 0 else {
            throw .refused(reason: "backend \(backend.id) is at work: \(calls) of its calls are in flight")
        }
        backend.sleep()
        if backend.hibernation.phase != .awake, backend.nap?.reclaimed == nil { await sleepSettles(backend) }
        guard backend.state == .hibernated else {
            let reason = backend.sleepFailure ?? "something needed it in the meantime"
            throw .refused(reason: "backend \(backend.id) did not hibernate: \(reason)")
        }
        return BackendReply(backend: await backend.status())
    }

    func wake(_ parameters: WakeParameters) async throws(ControlError) -> BackendReply {
        let backend = try find(parameters.backend)
        backend.wake()
        while backend.hibernation.phase != .awake { await sleepSettles(backend) }
        return BackendReply(backend: await backend.status())
    }

    private func sleepSettles(_ backend: Backend) async {
        await withCheckedContinuation { continuation in
            backend.waitingForSleep.append { continuation.resume() }
        }
    }
}
