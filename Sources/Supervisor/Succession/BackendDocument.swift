// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Posix

/// What a successor needs to know of a backend, kept in the manager's descriptor store beside its pipes.
struct BackendDocument: Codable {
    /// A member that is new or gone makes it unreadable, and the backend is stopped and started anew.
    var version = 1
    let key: SharingKey
    var generation: Int
    var restarts: Int
    /// `nil`: it does not run.
    var unit: String?
    var pid: Int32 = 0
    /// Clock ticks after the boot: tells it from a later process with its pid.
    var startTime: UInt64 = 0
    var era = BackendEra.legacy
    /// Whether its handshake is done, and it can be spoken to.
    var isReady = false
    /// What it said of itself.
    var snapshot: JSONValue = .null
    /// When its handshake was done.
    var readySince: Int64?
    var past = BackendPast()
    var holds = Holds()
    /// Of a backend that one session has: that session.
    var owner: HandedBackend.Session?
    /// Its sleep, while it sleeps.
    var nap: Nap?
    /// What a supervisor that ends in order hands over.
    var handed: HandedBackend?
}

/// Those who were promised a running backend (`mcpctl request`).
struct Holds: Codable, Equatable {
    struct Hold: Codable, Equatable {
        let number: Int
        let deadline: Int64?
    }

    var list: [Hold] = []
    var last = 0
}

/// The whole state of a backend at the moment when its supervisor stopped reading.
struct HandedBackend: Codable {
    struct Session: Codable {
        let id: UInt32
        let identity: String
        /// Of the shim.
        let pid: Int32
        var state: HandedSession.SessionState?
    }

    struct Timer: Codable {
        let timer: MultiplexerTimer
        let deadline: Int64
    }

    let machine: [UInt8]
    let sessions: [Session]
    let timers: [Timer]
    let nextCall: UInt64
    /// What the backend has not taken of its input.
    let unsent: [UInt8]
    /// What was read of a line that it has not finished.
    let unread: LineSplitter
    /// It was on its way down.
    let isStopping: Bool
}

/// The document of one backend, where the manager keeps it.
final class BackendRecord {
    private let file: MemoryFile
    private(set) var document: BackendDocument
    private let log: Log

    init(_ document: BackendDocument, log: Log) throws(PosixError) {
        file = try MemoryFile(name: "mcp-backend")
        self.document = document
        self.log = log
    }

    /// Reads what a predecessor wrote; nil for what is not ours or of another version.
    init?(adopting file: consuming Descriptor, log: Log) {
        self.file = MemoryFile(adopting: file)
        self.log = log
        guard let json = try? JSONValue(parsing: self.file.document),
            let document = try? JSONCoding.decode(BackendDocument.self, from: json), document.version == 1
        else { return nil }
        self.document = document
    }

    var descriptor: Int32 { file.raw }

    func change(_ change: (inout BackendDocument) -> Void) {
        change(&document)
        do {
            try file.write(Array(JSONCoding.encode(document).text.utf8))
        } catch {
            log.warning("\(error); backend \(document.unit ?? "") would not outlive a restart")
        }
    }
}
