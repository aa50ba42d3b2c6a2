// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A call of a client of the handshake era that a backend of the stateless one answered with questions.
struct Round: Sendable, Codable {
    let target: ReplyTarget
    /// The client's request, to be sent again with the answers.
    let request: [UInt8]
    let count: Int
    /// Raw and exact: what it means is the server's business.
    let state: [UInt8]?
    /// By key: the question at the client, then the client's answer.
    var open: [String: UInt64] = [:]
    var answers: [String: [UInt8]] = [:]
}

/// The client's request of which a line with answers is made, and how often it was asked for some.
struct Leg: Sendable, Codable {
    let request: [UInt8]
    let round: Int
}

struct RoundTable: Sendable, Codable {
    var entries: [UInt64: Round] = [:]
    private var last: UInt64 = 0

    mutating func insert(_ round: Round) -> UInt64 {
        last += 1
        entries[last] = round
        return last
    }
}

/// The `input_required` loop (revision 2026-07-28, multi round-trip requests) for a client that does not know it: the
/// questions reach it as requests of its server, and the call is sent again with the answers.
extension Multiplexer {
    /// As other clients have it: more is a server that never gets enough.
    private static let maximumRounds = 10
    /// How long a client, that is its user, may take to answer.
    static let roundTimeout = 600_000

    /// Whether the answer is such a question; then it is dealt with.
    mutating func beginRound(
        _ entry: Pending, _ target: ReplyTarget, _ line: Span<UInt8>, _ envelope: borrowing Envelope,
        _ actions: inout Actions
    ) -> Bool {
        guard envelope.resultParts.resultType.isPresent,
            String(token: envelope.resultParts.resultType.range, of: line) == "input_required",
            let request = entry.request
        else { return false }
        let result = line.extracting(envelope.result)
        let state = memberRange("requestState", in: result).map { copy(result, $0) }
        let round = Round(target: target, request: request, count: entry.round + 1, state: state)
        guard round.count <= Self.maximumRounds else {
            failCall(target, "asked for input more than \(Self.maximumRounds) times", &actions)
            return true
        }
        let number = rounds.insert(round)
        sessions[target.session]?.requests[target.id] = .round(number)
        askAll(of: number, in: result, &actions)
        return true
    }

    private mutating func askAll(of number: UInt64, in result: Span<UInt8>, _ actions: inout Actions) {
        guard let target = rounds.entries[number]?.target else { return }
        let range = memberRange("inputRequests", in: result)
        let asked = range.map { members(of: result.extracting($0)) } ?? []
        let capabilities = sessions[target.session]?.clientCapabilities ?? []
        for (_, value) in asked {
            let feature = ClientFeature(memberText("method", in: value).flatMap(Method.init(rawValue:)))
            guard let feature, feature.isDeclared(in: capabilities) else {
                let what = feature?.rawValue ?? "something unknown"
                return failRound(number, "asked for \(what), which this client does not offer", &actions)
            }
            guard !isTooLong(value.count + questionOverhead, for: target.session, &actions) else {
                return failRound(number, "asked in more bytes than this client takes in one message", &actions)
            }
        }
        for (key, value) in asked {
            let question = ClientQuestion(session: target.session, origin: .round(number, key: key))
            let params = memberRange("params", in: value.span).map { Array(value[$0]) } ?? []
            let id = ask(question, method: memberText("method", in: value) ?? "", params: params, &actions)
            rounds.entries[number]?.open[key] = id
        }
        // A server that only wants to be asked again is, a little later each time.
        let count = rounds.entries[number]?.count ?? 1
        let delay = asked.isEmpty ? min(50 << (count - 1), 250) : Self.roundTimeout
        actions.list.append(.arm(.round(number), milliseconds: delay))
    }

    mutating func finishQuestion(
        _ number: UInt64, _ key: String, _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64,
        _ actions: inout Actions
    ) {
        guard rounds.entries[number]?.open.removeValue(forKey: key) != nil else { return }
        guard !envelope.result.isEmpty else {
            let error = try? JSONValue(parsing: line.extracting(envelope.error))
            let reason = error?["message"]?.stringValue ?? "without a message"
            failRound(number, "asked this client for input, which it refused: \(reason.prefix(200))", &actions)
            return finishAllInputEnds(now: now, &actions)
        }
        rounds.entries[number]?.answers[key] = copy(line, envelope.result)
        guard rounds.entries[number]?.open.isEmpty == true else { return }
        actions.list.append(.disarm(.round(number)))
        sendAgain(number, &actions)
    }

    /// The client did not answer in time, or the server only wanted to be asked again.
    mutating func roundTimedOut(_ number: UInt64, _ actions: inout Actions) {
        guard let round = rounds.entries[number] else { return }
        guard !round.open.isEmpty else { return sendAgain(number, &actions) }
        let seconds = Self.roundTimeout / 1000
        failRound(number, "asked for input that did not come within \(seconds) s", &actions)
    }

    private mutating func sendAgain(_ number: UInt64, _ actions: inout Actions) {
        guard let round = rounds.entries.removeValue(forKey: number) else { return }
        let line = Self.retry(of: round)
        guard let line, let envelope = try? Envelope(scanning: line.span) else {
            release(round.target)
            return failCall(round.target, "asked for input for a request that has no place for it", &actions)
        }
        let id = send(line.span, envelope, round.target, &actions)
        pending.keep(round.request, round: round.count, at: id)
    }

    /// The request with the answers; nil when its parameters are no object.
    private static func retry(of round: Round) -> [UInt8]? {
        var members: [[UInt8]] = []
        if !round.answers.isEmpty {
            let answers = round.answers.sorted { $0.key < $1.key }.map { member($0.key, $0.value) }
            members.append(member("inputResponses", "{".utf8 + joined(answers) + "}".utf8))
        }
        if let state = round.state { members.append(member("requestState", state)) }
        guard !members.isEmpty else { return round.request }
        let line = round.request.span
        guard let envelope = try? Envelope(scanning: line) else { return nil }
        let params = envelope.params.range
        var retry = Actions()
        if params.isEmpty {
            let place = envelope.object.upperBound - 1
            let text = ",\"params\":{".utf8 + joined(members) + "}".utf8
            retry.splice(line, envelope, [Edit(range: place..<place, replacement: .text(text))])
        } else if line[params.lowerBound] == UInt8(ascii: "{") {
            let isEmpty = isEmptyObject(line, params)
            retry.splice(line, envelope, [insertion(of: joined(members), in: params, isEmpty: isEmpty)])
        } else {
            return nil
        }
        return retry.bytes
    }

    // MARK: - Its end

    private mutating func failRound(_ number: UInt64, _ reason: String, _ actions: inout Actions) {
        guard let target = removeRound(number, &actions)?.target else { return }
        release(target)
        failCall(target, reason, &actions)
    }

    /// A tool's failure is for the model; any other is the client's.
    private mutating func failCall(_ target: ReplyTarget, _ reason: String, _ actions: inout Actions) {
        let text = "\(configuration.server) \(reason)"
        if target.form.contains(.tool) {
            answer(target, result: toolFailure(text).text, &actions)
        } else {
            answer(target, .failure(text, reason: "input_required"), &actions)
        }
    }

    /// Forgets a round with its questions at the client.
    @discardableResult
    mutating func removeRound(_ number: UInt64, _ actions: inout Actions) -> Round? {
        guard let round = rounds.entries.removeValue(forKey: number) else { return nil }
        actions.list.append(.disarm(.round(number)))
        for id in round.open.values.sorted() { withdraw(id, &actions) }
        return round
    }

    /// The same when the client is no longer there to be told.
    mutating func forgetRound(_ number: UInt64, _ actions: inout Actions) {
        guard let round = rounds.entries.removeValue(forKey: number) else { return }
        actions.list.append(.disarm(.round(number)))
        for id in round.open.values { _ = questions.remove(id) }
    }

    /// The backend is gone, and nobody else can go on with what it began.
    mutating func failRounds(_ error: ErrorReply, _ actions: inout Actions) {
        for number in rounds.entries.keys.sorted() {
            guard let target = removeRound(number, &actions)?.target else { continue }
            release(target)
            answer(target, error, &actions)
        }
    }
}

/// The members of an object, each value as raw bytes.
func members(of object: Span<UInt8>) -> [(key: String, value: [UInt8])] {
    var scanner = JSONScanner()
    var found: [(key: String, value: [UInt8])] = []
    do {
        guard try scanner.opens(object, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return [] }
        repeat {
            let name = try scanner.skipName(object).range
            let key = String(token: name.lowerBound - 1..<name.upperBound + 1, of: object) ?? ""
            found.append((key, copy(object, try scanner.skipValue(object).range)))
        } while try scanner.continues(object, until: UInt8(ascii: "}"))
    } catch { return [] }
    return found
}

/// The text of an object's string member.
func memberText(_ name: String, in object: [UInt8]) -> String? {
    memberRange(name, in: object.span).flatMap { String(token: $0, of: object.span) }
}
