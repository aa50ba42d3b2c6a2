// SPDX-License-Identifier: Apache-2.0

import Control
import Posix

/// A predecessor's backend whose process cannot be gone on with: what was promised and counted is not forgotten with it.
extension Registry {
    /// - Parameters:
    ///   - wasStopping: it was on its way down, so that its end is no death.
    ///   - reason: why it cannot be gone on with.
    func beginAnew(_ document: BackendDocument, wasStopping: Bool, _ reason: String) async {
        // Before there is a backend: one that nobody has would be forgotten meanwhile.
        let death = wasStopping ? nil : await unseenEnd(of: document)
        // A session that shares with nobody has a backend of its own anew, when it comes.
        guard document.key.share != .session, let directory = try? openDirectory(document.key.directory) else {
            return refuse(document.unit, reason)
        }
        let backend = backend(for: document.key, directory: directory)
        backend.generation = document.generation
        backend.restarts = document.restarts
        backend.restore(document.holds)
        backend.restore(document.past)
        guard let unit = document.unit else { return backend.goOnWithoutProcess() }
        log.notice("its process is not gone on with: \(reason)", backend: backend.id, unit: unit)
        if let death {
            backend.noteDeath(death, document)
            stopLeftBehind(unit)
        } else {
            backend.goOnStopping(unit)
        }
        if !backend.holds.isEmpty { backend.needed() }
    }

    /// Why its process has ended while nobody looked; nil: it is there.
    private func unseenEnd(of document: BackendDocument) async -> ExitCause? {
        guard let unit = document.unit, ProcessTable.startTime(of: document.pid) != document.startTime else {
            return nil
        }
        return await (launcher as? ScopeLauncher)?.cause(ofUnseenEnd: unit)
            ?? ExitCause(reason: .unknown, status: ExitCause.unknownStatus)
    }
}

extension Backend {
    fileprivate func noteDeath(_ cause: ExitCause, _ document: BackendDocument) {
        note(cause, [], unit: document.unit)
        _ = lifecycle.adopt(readySince: document.isReady ? document.readySince ?? registry.now : nil)
        isDown()
    }
}
