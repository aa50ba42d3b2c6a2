// SPDX-License-Identifier: Apache-2.0

import Control
import MCPWire
import Posix

/// Waiting for the repository that the client is asked for.
extension Session {
    /// Waits for a place.
    func wait(in lobby: Lobby) { self.lobby = lobby }

    /// Says again what the client said while it waited for its place at a predecessor, which has answered what there was
    /// to answer.
    func replay(_ lines: [[UInt8]]) {
        guard !lines.isEmpty else { return }
        isNew = false
        for line in lines {
            guard lobby != nil else {
                receive(line.span)
                continue
            }
            books?.keep(lobby: line)
            perform((lobby?.receive(line) ?? []).filter { if case .bind = $0 { true } else { false } })
        }
    }

    func receiveInLobby(_ line: Span<UInt8>) {
        var bytes: [UInt8] = []
        for index in line.indices { bytes.append(line[index]) }
        isNew = false
        books?.keep(lobby: bytes)
        perform(lobby?.receive(bytes) ?? [])
    }

    func perform(_ steps: [Lobby.Step]) {
        for step in steps {
            switch step {
            case .send(let answer): output?.send(answer[...])
            case .bind(let directory): leaveLobby(for: directory)
            }
        }
        expectRoots()
    }

    /// A client that was asked for its roots and never answers would wait for ever, and with it whoever looks at it.
    private func expectRoots() {
        guard lobby?.isAsking == true else {
            rootsClock = nil
            return
        }
        guard rootsClock == nil else { return }
        rootsClock = registry.timer(milliseconds: registry.configuration.clientLimits.rootsTimeout) {
            [unowned self] in
            rootsClock = nil
            registry.log.warning("session \(id): its client was asked for its roots and does not answer")
            perform(lobby?.timedOut() ?? [])
        }
    }

    private func leaveLobby(for directory: String) {
        let held = lobby?.held ?? []
        let choice = Repository.choose(
            named: directory, projectDirectory: nil, workingDirectory: facts.workingDirectory, home: OwnProcess.home)
        do throws(ControlError) {
            guard case .found(let root) = choice else {
                throw .refused(reason: "the client's root \(directory) is not a directory here")
            }
            try join(repository: root, resume: nil, place: root)
        } catch {
            return perform(lobby?.refuse("\(error)") ?? [])
        }
        lobby = nil
        connection?.sessionChanged(id, resume: resumeText)
        if let handshake = held.first { learnClient(handshake.span) }
        for line in held.dropFirst() { receive(line.span) }
        // The shim may not hear of the place before we are killed, and what waited is at the backend then.
        if let place { books?.keep(place: place) }
        books?.forgetLobby()
    }
}
