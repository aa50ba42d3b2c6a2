// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control

extension CompletionKind {
    /// The ids of the backends there are; nothing, quietly, without a supervisor.
    static var backends: CompletionKind {
        .custom { _, _, _ in status()?.backends.map(\.id) ?? [] }
    }

    static var sessions: CompletionKind {
        .custom { _, _, _ in status()?.sessions.map(\.id) ?? [] }
    }

    private static func status() -> StatusReply? {
        do throws(ClientError) {
            var client = try ControlClient(path: ControlPath.socket(), milliseconds: 200)
            return try client.call(StatusParameters(), timeout: 1)
        } catch {
            return nil
        }
    }
}
