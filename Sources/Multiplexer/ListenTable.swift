// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// One `subscriptions/listen` of a client (revision 2026-07-28): a request whose answer is the end of a stream.
struct Listen: Sendable, Codable {
    let target: ReplyTarget
    /// The `params` of the request, for a backend that serves it itself. No progress is told in such a stream.
    let filter: [UInt8]
    /// What is honoured of it, where we serve it: the lists whose changes are told of,
    var changes: Set<ListChange>
    /// and the resources, as the client wrote them.
    var resources: [ExactText: RawToken]
    /// Resources whose subscription the backend has not answered; the acknowledgement waits for them.
    var undecided: Set<ExactText> = []
    var isAcknowledged = false
    /// The request at the backend that serves it.
    var request: UInt64?

    /// Nil when `params` has no filter.
    init?(_ line: Span<UInt8>, _ params: Range<Int>, _ target: ReplyTarget) {
        let value = params.isEmpty ? nil : try? JSONValue(parsing: line.extracting(params))
        guard var object = value?.objectValue, let wanted = object["notifications"]?.objectValue else { return nil }
        self.target = target
        if var meta = object["_meta"]?.objectValue {
            meta["progressToken"] = nil
            object["_meta"] = .object(meta)
        }
        var filter: [UInt8] = []
        object.write(to: &filter)
        self.filter = filter
        changes = Set(ListChange.allCases.filter { wanted[$0.filterName] == true })
        resources = [:]
        for uri in wanted["resourceSubscriptions"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
            resources[ExactText(uri)] = RawToken(JSONValue.string(uri).text)
        }
    }

    /// The honoured filter, for the acknowledgement.
    var honoured: JSONObject {
        var honoured = JSONObject()
        for change in ListChange.allCases where changes.contains(change) { honoured[change.filterName] = true }
        if !resources.isEmpty {
            honoured["resourceSubscriptions"] = .array(resources.keys.sorted().map { .string($0.text) })
        }
        return honoured
    }
}

extension ListChange {
    /// Its member in a listen's filter.
    var filterName: String { "\(capability)ListChanged" }
}

/// The open listens of all sessions, by a number of ours.
struct ListenTable: Sendable, Codable {
    private(set) var entries: [UInt64: Listen] = [:]
    private var last: UInt64 = 0
    /// The request at the backend that tells us of changed lists; nil where the backend tells unasked.
    var changesRequest: UInt64?

    /// Whether one waits for a backend to run.
    var isWaiting: Bool { entries.values.contains { !$0.isAcknowledged } }

    /// Whether one needs a backend to be told of anything.
    func wantBackend(of era: BackendEra) -> Bool { era == .modern && !entries.isEmpty }

    var numbers: [UInt64] { entries.keys.sorted() }

    mutating func insert(_ listen: Listen) -> UInt64 {
        last += 1
        entries[last] = listen
        return last
    }

    subscript(number: UInt64) -> Listen? {
        get { entries[number] }
        set { entries[number] = newValue }
    }
}
