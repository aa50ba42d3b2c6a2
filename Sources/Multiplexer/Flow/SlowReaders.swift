// SPDX-License-Identifier: Apache-2.0

/// What is kept for a client that is behind, and what it was spared.
struct SlowReader: Sendable, Codable {
    /// The newest progress of a request at the backend.
    struct Progress: Sendable, Codable {
        let request: UInt64
        var line: [UInt8]
    }

    var isFull = false
    /// In the order in which the requests first made some.
    var progress: [Progress] = []
    var changes: Set<ListChange> = []
    var mergedProgress = 0
    var mergedChanges = 0
    var leftOutLogs = 0

    mutating func keep(_ line: [UInt8], of request: UInt64) {
        if let place = progress.firstIndex(where: { $0.request == request }) {
            progress[place].line = line
            mergedProgress += 1
        } else {
            progress.append(Progress(request: request, line: line))
        }
    }

    mutating func takeProgress(of request: UInt64) -> [UInt8]? {
        progress.firstIndex { $0.request == request }.map { progress.remove(at: $0).line }
    }

    /// A clause for the log; nil when nothing was left out.
    var losses: String? {
        let counts = [
            (leftOutLogs, "log messages left out"), (mergedProgress, "progress messages merged"),
            (mergedChanges, "changes of lists merged"),
        ]
        let texts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }
}

/// The clients that are behind; mostly none, which costs the message path one look.
struct SlowReaderTable: Sendable, Codable {
    private var entries: [SessionID: SlowReader] = [:]

    var isEmpty: Bool { entries.isEmpty }

    subscript(session: SessionID) -> SlowReader? {
        get { entries[session] }
        set { entries[session] = newValue }
    }

    mutating func insert(_ session: SessionID, isFull: Bool) { entries[session, default: SlowReader()].isFull = isFull }

    /// Changes the entry, if there is one; false when the client keeps up.
    mutating func change(_ session: SessionID, _ change: (inout SlowReader) -> Void) -> Bool {
        guard !entries.isEmpty, var reader = entries.removeValue(forKey: session) else { return false }
        change(&reader)
        entries[session] = reader
        return true
    }
}
