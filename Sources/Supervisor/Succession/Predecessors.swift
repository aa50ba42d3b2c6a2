// SPDX-License-Identifier: Apache-2.0

import Posix

/// Supervisors that were here before, and the books they left.
///
/// A session's part is looked at when its shim comes: the shim comes once it has lost its supervisor, so whatever that
/// one still did for the session is in the books then.
final class Predecessors {
    private final class Predecessor {
        let path: String
        let file: SharedMemory
        /// Kept once nothing can change any more.
        private var final: LedgerReport?
        private let isGone: () -> Bool

        /// Whether it was here when we began: what it left then nobody has looked for.
        private(set) var wasHere: Bool

        init(path: String, file: SharedMemory, isGone: @escaping () -> Bool) {
            self.path = path
            self.file = file
            self.isGone = isGone
            wasHere = !isGone()
        }

        /// Whether it has gone since this was asked last.
        func hasJustGone() -> Bool {
            guard wasHere, isGone() else { return false }
            wasHere = false
            return true
        }

        var report: LedgerReport? {
            if let final { return final }
            let gone = isGone()
            let report = LedgerReport(
                file.bytes(0..<file.size), kept: { read(LedgerLayout.keptPath(path, $0)) },
                unsent: { read(LedgerLayout.unsentPath(path, $0)) },
                opening: { read(LedgerLayout.openingPath(path, $0)) },
                lobby: { read(LedgerLayout.lobbyPath(path, $0)) })
            if gone { final = report }
            return report
        }

        /// Whether it lives and may yet note something, or somebody may come for what it left.
        var isNeeded: Bool {
            guard isGone() else { return true }
            return report?.sessions.values.contains { $0.shim?.isAlive == true } == true
        }

        private func read(_ path: String) -> [UInt8] { (try? Files.read(path, limit: Session.outputLimit * 2)) ?? [] }

        /// Strikes a session or a backend out, so that nobody after us finds it here.
        func strike(_ kind: LedgerReport.Kind, _ identity: Identity) {
            final?.strike(kind, identity)
            for stream in 0..<LedgerLayout.Stream.count {
                let place = LedgerLayout.Stream.place(stream)
                guard file.load(place + LedgerLayout.Stream.kind) == kind.rawValue,
                    file.load(place + LedgerLayout.Stream.identity) == identity.high,
                    file.load(place + LedgerLayout.Stream.identity + 8) == identity.low
                else { continue }
                file.store(0, at: place + LedgerLayout.Stream.kind)
            }
        }
    }

    private var list: [Predecessor] = []
    private let prefix: String

    /// - Parameter prefix: of the books' paths; a ``BooksOwner`` follows, and, behind a dot, what else lies beside them.
    init(prefix: String) {
        self.prefix = prefix
        let slash = prefix.lastIndex(of: "/") ?? prefix.startIndex
        let name = prefix[prefix.index(after: slash)...]
        let files = Files.names(in: String(prefix[..<slash])).filter { $0.hasPrefix(name) }
        for text in Set(files.map { $0.dropFirst(name.count).prefix { $0 != "." } }) {
            let path = prefix + text
            let owner = BooksOwner(text)
            if let owner, let file = try? SharedMemory(opening: path, size: LedgerLayout.size) {
                list.append(Predecessor(path: path, file: file) { owner.isGone })
            } else if owner?.isGone != false {
                // Of another version, or parts that somebody was killed over: nobody will read it.
                Predecessors.remove(path)
            }
        }
    }

    /// Where we keep ours.
    var ownPath: String { prefix + BooksOwner.ourselves.text }

    /// The highest number of books that there are.
    var lastOrder: UInt64 { list.compactMap { $0.report?.order }.max() ?? 0 }

    /// What a session is owed by those who are gone. Of several books the last count: whoever begins a page has taken
    /// over all that stands in the older ones.
    func lost(_ session: Identity) -> LedgerReport.LostSession? { last { $0.sessions[session] } }

    private func last<Page>(_ page: (LedgerReport) -> Page?) -> Page? {
        let pages = list.compactMap { predecessor in
            predecessor.report.flatMap { report in page(report).map { (report.order, $0) } }
        }
        return pages.max { $0.0 < $1.0 }?.1
    }

    /// It is in our own books now.
    func claimed(_ session: Identity) {
        for predecessor in list { predecessor.strike(.session, session) }
    }

    /// What the books say of a backend's streams.
    func streams(of backend: Identity) -> LedgerReport.LostBackend? { last { $0.backends[backend] } }

    /// Its streams are in our own books now.
    func adopted(_ backend: Identity) {
        for predecessor in list { predecessor.strike(.backend, backend) }
    }

    func removeOwn() { Predecessors.remove(ownPath) }

    /// The unfinished lines beside the books, and then the books.
    private static func remove(_ path: String) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let name = path[path.index(after: slash)...] + "."
        for file in Files.names(in: String(path[..<slash])) where file.hasPrefix(name) {
            Files.remove("\(path[..<slash])/\(file)")
        }
        Files.remove(path)
    }

    /// Whether one is still here; whoever lives may leave something.
    var isAnyoneHere: Bool { list.contains(where: \.wasHere) }

    /// Whether one has gone that was here when we began, or when this was asked last.
    func hasAnyoneGone() -> Bool { list.count { $0.hasJustGone() } > 0 }

    /// Throws away the books of those who are gone where nobody is left who could come. A shim that is stopped, or kept
    /// from running by a machine that swaps, still comes.
    ///
    /// - Returns: whether some are left.
    func forgetSettled() -> Bool {
        list.removeAll { predecessor in
            guard !predecessor.isNeeded else { return false }
            Predecessors.remove(predecessor.path)
            return true
        }
        return !list.isEmpty
    }
}
