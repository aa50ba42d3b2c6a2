// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Lines of a session that are no single message: batches and garbage (protocol.md §2.7 k, m).
extension Multiplexer {
    private static let batchRevision = "2025-03-26"

    mutating func receiveOther(
        _ line: Span<UInt8>, _ error: JSONSyntaxError, from session: SessionID, now: Int64, _ actions: inout Actions
    ) {
        if let elements = elementRanges(line) {
            receiveBatch(line, elements, from: session, now: now, &actions)
        } else {
            logRefusedLine(of: session, error, &actions)
            countGarbage(line.count, of: session, &actions)
        }
    }

    /// A client that goes on sending what is no message is not one, and is told so before it is let go.
    private mutating func countGarbage(_ bytes: Int, of session: SessionID, _ actions: inout Actions) {
        let total = (sessions[session]?.refusedBytes ?? 0) + bytes
        sessions[session]?.refusedBytes = total
        guard total > configuration.maximumSessionGarbage else { return }
        let reason = "\(total) bytes came that are no MCP messages, more than garbage_max allows"
        let whole = ReplyTarget(session: session, id: RawToken("null"), batch: 0)
        answer(whole, .invalid("Invalid request: \(reason); the session is ended"), &actions)
        actions.list.append(.endSession(session, reason: reason))
    }

    private mutating func logRefusedLine(of session: SessionID, _ error: JSONSyntaxError, _ actions: inout Actions) {
        let count = (sessions[session]?.refusedLines ?? 0) + 1
        sessions[session]?.refusedLines = count
        guard isWorthLogging(count) else { return }
        actions.log(.warning, "session \(session): line \(count) that is no message, ignoring: \(error)")
    }

    private mutating func receiveBatch(
        _ line: Span<UInt8>, _ elements: [Range<Int>], from session: SessionID, now: Int64, _ actions: inout Actions
    ) {
        let whole = ReplyTarget(session: session, id: RawToken("null"), batch: 0)
        guard sessions[session]?.protocolVersion == Self.batchRevision else {
            actions.log(.warning, "session \(session): a batch, which its protocol revision does not have")
            return answer(whole, .invalid("Invalid request: batches exist in revision 2025-03-26 only"), &actions)
        }
        guard !elements.isEmpty else { return answer(whole, .invalid("Invalid request: empty batch"), &actions) }
        guard let batch = openBatch(of: session) else { return }
        for range in elements {
            let element = line.extracting(range)
            do {
                let envelope = try Envelope(scanning: element)
                handle(element, envelope, from: session, batch: batch, now: now, &actions)
            } catch {
                let target = ReplyTarget(session: session, id: RawToken("null"), batch: batch)
                openBatchElement(target)
                answer(target, .invalid("Invalid request: \(error)"), &actions)
            }
        }
        closeBatchElement(session, batch, &actions)
    }

    /// A batch holds one element of its own until all of the array was looked at.
    private mutating func openBatch(of session: SessionID) -> UInt32? {
        guard var state = sessions[session] else { return nil }
        state.lastBatch += 1
        state.batches[state.lastBatch] = Batch(outstanding: 1)
        sessions[session] = state
        return state.lastBatch
    }

    mutating func openBatchElement(_ target: ReplyTarget) {
        guard target.batch != 0 else { return }
        sessions[target.session]?.batches[target.batch]?.outstanding += 1
    }

    /// Moves the answer that was written at `start` into its batch.
    mutating func keepForBatch(_ target: ReplyTarget, from start: Int, _ actions: inout Actions) {
        let reply = actions.bytes[start...]
        if sessions[target.session]?.batches[target.batch]?.replies.isEmpty == false {
            sessions[target.session]?.batches[target.batch]?.replies.append(UInt8(ascii: ","))
        }
        sessions[target.session]?.batches[target.batch]?.replies.append(contentsOf: reply)
        sessions[target.session]?.batches[target.batch]?.answered.append(target.id)
        actions.bytes.removeSubrange(start...)
        closeBatchElement(target.session, target.batch, &actions)
    }

    mutating func closeBatchElement(_ session: SessionID, _ id: UInt32, _ actions: inout Actions) {
        guard id != 0, var batch = sessions[session]?.batches[id] else { return }
        batch.outstanding -= 1
        guard batch.outstanding == 0 else {
            sessions[session]?.batches[id] = batch
            return
        }
        sessions[session]?.batches[id] = nil
        guard !batch.replies.isEmpty else { return }
        for id in batch.answered { actions.noteSettled(session, id, isAnswered: true) }
        let start = actions.bytes.count
        actions.write("[")
        actions.bytes.append(contentsOf: batch.replies)
        actions.write("]")
        actions.sendToSession(session, from: start)
    }
}

/// The elements of an array, when the line is one whole JSON array.
public func elementRanges(_ line: Span<UInt8>) -> [Range<Int>]? {
    var scanner = JSONScanner()
    var ranges: [Range<Int>] = []
    do {
        if try scanner.opens(line, UInt8(ascii: "["), UInt8(ascii: "]")) {
            repeat {
                ranges.append(try scanner.skipValue(line).range)
            } while try scanner.continues(
                line, until: UInt8(ascii: "]"))
        }
    } catch { return nil }
    scanner.skipWhitespace(line)
    return scanner.offset == line.count ? ranges : nil
}

/// The first few of a kind, then ever fewer: a peer that only talks garbage must not fill the log.
func isWorthLogging(_ count: Int) -> Bool { count <= 8 || count & (count - 1) == 0 }
