// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What the books of a supervisor say that is gone. Reads any bytes: what makes no sense is left out.
struct LedgerReport: Equatable {
    enum Kind: UInt64 {
        case session = 1
        case backend
    }

    struct LostSession: Equatable {
        /// Ids of requests that were not answered, as the client wrote them.
        var requests: [[UInt8]] = []
        /// The last line that the client was sent has no end.
        var outputIsMidLine = false
        /// The beginning of a line was read, and is lost, but for what is known of one that is too long.
        var inputIsMidLine = false
        var skipped: [UInt8] = []
        /// What was read and not dealt with: lines, and the beginning of one.
        var unread: [UInt8] = []
        /// What it was to be sent.
        var unsent: [UInt8] = []
        /// What it said while it had no backend, as far as that matters; those of its requests that are lost are in nobody's
        /// hands, and the others answered.
        var lobby: [[UInt8]] = []
        /// Who comes for it.
        var shim: ShimProcess?
        /// Its handshake was under way, and is in `unread` again.
        var asksAgain = false
    }

    struct LostBackend: Equatable {
        /// The last id that we gave to a request at it.
        var lastID: UInt64 = 0
        /// The ids of those that it had not answered, and which of them no session had asked for.
        var open: [UInt64] = []
        var asked: [UInt64] = []
        var outputIsMidLine = false
        var inputIsMidLine = false
        var unread: [UInt8] = []
        var unsent: [UInt8] = []
    }

    /// Whose is higher came later, and has all that matters of the others.
    let order: UInt64
    private(set) var sessions: [Identity: LostSession] = [:]
    private(set) var backends: [Identity: LostBackend] = [:]

    /// - Parameters:
    ///   - kept: the file of a stream's unfinished line.
    ///   - unsent: the file of what a stream was to be sent.
    ///   - opening: the file of a session's first line.
    ///   - lobby: the file of what a session said that had no backend yet.
    init?(
        _ bytes: [UInt8], kept: (Int) -> [UInt8] = { _ in [] }, unsent: (Int) -> [UInt8] = { _ in [] },
        opening: (Int) -> [UInt8] = { _ in [] }, lobby: (Int) -> [UInt8] = { _ in [] }
    ) {
        guard bytes.count == LedgerLayout.size, Self.number(bytes, 0) == LedgerLayout.magic else { return nil }
        order = min(Self.number(bytes, LedgerLayout.order), Self.lastPossibleID)
        let reading = Reading(bytes)
        let lost = Self.lostRequests(bytes)
        let atBackends = Self.requestsAtBackends(bytes)
        for stream in 0..<LedgerLayout.Stream.count {
            let start = LedgerLayout.Stream.place(stream)
            guard let kind = Kind(rawValue: Self.number(bytes, start + LedgerLayout.Stream.kind)) else { continue }
            let identity = Identity(
                high: Self.number(bytes, start + LedgerLayout.Stream.identity),
                low: Self.number(bytes, start + LedgerLayout.Stream.identity + 8))
            let output = Output(bytes, stream)
            let own = reading.flatMap { $0.stream == stream ? $0 : nil }
            let isReading = own?.isKept == false
            var input = Input(bytes, stream, own, kept)
            let left = output.unsent.isEmpty ? [] : Array(unsent(stream).prefix(output.fileSize))
            let rest = left.count == output.fileSize ? Array(left.suffix(output.unsent.count)) : []
            let outputIsMidLine = output.isMidLine && rest.isEmpty
            switch kind {
            case .session:
                var known = lost[stream] ?? []
                if isReading, !input.isMidLine { Self.dropFirst(of: &input.unread, ifIn: &known) }
                let asksAgain = !known.isEmpty && Self.ask(again: opening(stream), &known, &input.unread)
                sessions[identity] = LostSession(
                    requests: known, outputIsMidLine: outputIsMidLine, inputIsMidLine: input.isMidLine,
                    skipped: input.skipped, unread: input.unread, unsent: rest,
                    lobby: lobby(stream).split(separator: 0x0A).map(Array.init),
                    shim: ShimProcess(number: Self.number(bytes, start + LedgerLayout.Stream.shim)),
                    asksAgain: asksAgain)
            case .backend:
                backends[identity] = LostBackend(
                    lastID: min(Self.number(bytes, start + LedgerLayout.Stream.lastID), Self.lastPossibleID),
                    open: atBackends[stream]?.map(\.id) ?? [],
                    asked: atBackends[stream]?.filter(\.isOwn).map(\.id) ?? [],
                    outputIsMidLine: outputIsMidLine,
                    inputIsMidLine: input.isMidLine, unread: input.unread, unsent: rest)
            }
        }
    }

    /// More no supervisor counts to: a damaged book must not lead its heir to the end of all numbers.
    private static let lastPossibleID: UInt64 = 1 << 40

    /// A handshake changes nothing at the server: one that was lost is had again.
    private static func ask(again line: [UInt8], _ known: inout [[UInt8]], _ unread: inout [UInt8]) -> Bool {
        guard let envelope = try? Envelope(scanning: line.span), envelope.kind == .request,
            envelope.knownMethod == .initialize || envelope.knownMethod == .discover,
            let index = known.firstIndex(of: Array(line[envelope.id]))
        else { return false }
        known.remove(at: index)
        unread = line + [0x0A] + unread
        return true
    }

    /// A line whose request is in the books was looked at: only the note that it was is missing. Of a batch, the rest may
    /// be missing, too.
    private static func dropFirst(of unread: inout [UInt8], ifIn known: inout [[UInt8]]) {
        guard let end = unread.firstIndex(of: 0x0A) else { return }
        let ids = requestIDs(in: Array(unread[..<end])).map(\.bytes)
        guard ids.contains(where: known.contains) else { return }
        known += ids.filter { !known.contains($0) }
        unread.removeFirst(end + 1)
    }

    /// Somebody has taken it over.
    mutating func strike(_ kind: Kind, _ identity: Identity) {
        switch kind {
        case .session: sessions[identity] = nil
        case .backend: backends[identity] = nil
        }
    }

    /// By stream: requests without an answer, or with one that was not written to its end.
    private static func lostRequests(_ bytes: [UInt8]) -> [Int: [[UInt8]]] {
        var lost: [Int: [[UInt8]]] = [:]
        for request in 0..<LedgerLayout.Request.count {
            let place = LedgerLayout.Request.place(request)
            guard let entry = LedgerLayout.Request.unpack(number(bytes, place + LedgerLayout.Request.header)) else {
                continue
            }
            let written = Output(bytes, entry.stream).unsent.upperBound
            let end = number(bytes, place + LedgerLayout.Request.end)
            if entry.state == .answered, end <= written { continue }
            let start = place + LedgerLayout.Request.token
            let token = Array(bytes[start..<start + entry.length])
            // A damaged one must not reach anybody.
            guard isID(token) else { continue }
            lost[entry.stream, default: []].append(token)
        }
        return lost
    }

    private static func isID(_ token: [UInt8]) -> Bool {
        switch try? JSONValue(parsing: token) {
        case .some(.string), .some(.number): true
        default: false
        }
    }

    /// By the backend's stream: ids of requests that it has not answered.
    private static func requestsAtBackends(_ bytes: [UInt8]) -> [Int: [(id: UInt64, isOwn: Bool)]] {
        var open: [Int: [(id: UInt64, isOwn: Bool)]] = [:]
        for request in 0..<LedgerLayout.Request.count {
            let place = LedgerLayout.Request.place(request)
            guard let entry = LedgerLayout.Request.unpack(number(bytes, place + LedgerLayout.Request.header)),
                entry.state == .open
            else { continue }
            let location = number(bytes, place + LedgerLayout.Request.end)
            let stream = Int(location >> LedgerLayout.Request.backendShift) - 1
            guard (0..<LedgerLayout.Stream.count).contains(stream) else { continue }
            let id = location & (1 << LedgerLayout.Request.backendShift - 1)
            open[stream, default: []].append((id, isOwn: entry.stream == stream))
        }
        return open.mapValues { $0.sorted { $0.id < $1.id } }
    }

    fileprivate static func number(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in (0..<8).reversed() { number = number << 8 | UInt64(bytes[offset + index]) }
        return number
    }
}

/// How far a stream was written, and what of it lies in its file.
private struct Output {
    /// From where it stands to where its successor takes it; empty at the position when there is nothing.
    let unsent: Range<UInt64>
    let fileSize: Int
    let isMidLine: Bool

    init(_ bytes: [UInt8], _ stream: Int) {
        let place = LedgerLayout.Stream.place(stream)
        let output = LedgerReport.number(bytes, place + LedgerLayout.Stream.output)
        let position = output >> 1
        let start = LedgerReport.number(bytes, place + LedgerLayout.Stream.unsentStart)
        let end = LedgerReport.number(bytes, place + LedgerLayout.Stream.unsentEnd)
        isMidLine = output & 1 == 1
        let isThere = start <= position && position < end && end - start < 1 << 32
        unsent = isThere ? position..<end : position..<position
        fileSize = isThere ? Int(end - start) : 0
    }
}

/// How far the lines of a stream were read.
private struct Input {
    /// What comes next belongs to a line whose beginning is lost, but for ``skipped``.
    let isMidLine: Bool
    let skipped: [UInt8]
    var unread: [UInt8]

    /// - Parameter reading: what of it had just been read.
    init(_ bytes: [UInt8], _ stream: Int, _ reading: Reading?, _ file: (Int) -> [UInt8]) {
        let isKept = reading?.isKept == true
        let member = isKept ? LedgerLayout.Stream.keptNext : LedgerLayout.Stream.kept
        let note = LedgerReport.number(bytes, LedgerLayout.Stream.place(stream) + member)
        let size = Int(clamping: note & ~LedgerLayout.Stream.isSkipped)
        let beginning = size > 0 ? Array(file(stream).prefix(size)) : []
        let isWhole = beginning.count == size
        let read = isKept ? nil : reading
        // The end of that line has come, and was looked at.
        let isOver = read.map { $0.handled > 0 } ?? false
        let isTooLong = note & LedgerLayout.Stream.isSkipped != 0
        isMidLine = !isOver && (isTooLong || !isWhole)
        skipped = isMidLine && isWhole ? beginning : []
        let known = isMidLine ? [] : beginning
        unread = read?.unread(behind: known) ?? known
    }
}

/// What had left a pipe when the supervisor was killed, and had not been dealt with.
private struct Reading {
    let stream: Int
    /// It had been, and only the note that it had is missing.
    let isKept: Bool
    private let all: ArraySlice<UInt8>
    let handled: Int

    init?(_ bytes: [UInt8]) {
        let reader = LedgerReport.number(bytes, LedgerLayout.reader)
        let number = Int(truncatingIfNeeded: reader & 0xFFFF_FFFF)
        guard number > 0, number <= LedgerLayout.Stream.count else { return nil }
        stream = number - 1
        isKept = reader & LedgerLayout.isKept != 0
        let buffer = bytes[LedgerLayout.buffer..<LedgerLayout.size]
        let count = min(Int(clamping: LedgerReport.number(bytes, LedgerLayout.count)), LedgerLayout.bufferSize)
        // Behind what was read all is zero, and nothing of ours ends with a zero.
        let end = count > 0 ? buffer.startIndex + count : (buffer.lastIndex { $0 != 0 } ?? buffer.startIndex - 1) + 1
        all = buffer[..<end]
        handled = Int(clamping: LedgerReport.number(bytes, LedgerLayout.handled))
    }

    /// - Parameter beginning: of the line that the bytes go on with.
    func unread(behind beginning: [UInt8]) -> [UInt8] { (handled == 0 ? beginning : []) + all.dropFirst(handled) }
}
