// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Lists are the same for all sessions: fetched once, kept until they change, answered to everybody.
extension Multiplexer {
    mutating func handleList(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget, now: Int64,
        _ actions: inout Actions
    ) {
        guard let key = listKey(line, envelope), lists.fetches[key] != nil || lists.hasRoom else {
            return forward(line, envelope, target, &actions)
        }
        let page = lists.pages[key].flatMap { isBelieved($0, of: key, by: target.session, now: now) ? $0 : nil }
        if let page, era == .legacy { return answer(target, result: aged(page, now: now), &actions) }
        let asker = asker(line, envelope, target)
        if let page, page.isFor(asker) { return answer(target, result: aged(page, now: now), &actions) }
        let isAnothers = lists.fetches[key].map { $0.asker != asker } == true
        // What waits for a start is asked in one name; who has another asks for himself. Which era it is to be asked in
        // is not sure before the start.
        if isAnothers, lists.fetches[key]?.id == nil { return forward(line, envelope, target, &actions) }
        if let id = lists.fetches[key]?.id,
            isAnothers && era == .modern || mayBeOld(key, askedBy: id, for: target.session)
        {
            lists.overtake(key)
        }
        if lists.fetches[key] == nil { lists.fetches[key] = ListCache.Fetch(asker: asker) }
        sessions[target.session]?.requests[target.id] = .list(key)
        lists.fetches[key]?.waiters.append(target)
        guard lists.fetches[key]?.id == nil else { return }
        if backend.phase == .ready { startFetch(key, now: now, &actions) } else { requireBackend(&actions) }
    }

    /// The first page of tools that may be answered from here. Nil when the backend would be asked. Where it is not for
    /// all, it is kept for those only who say the same of themselves as who asked for it.
    public func keptTools(for session: SessionID, now: Int64) -> KeptTools? {
        let key = ListKey(method: .toolsList, cursor: nil)
        guard let page = lists.pages[key], isBelieved(page, of: key, by: session, now: now) else { return nil }
        return KeptTools(
            request: page.request, result: page.visible, isForAll: era == .legacy || page.isPublic)
    }

    /// Nil for a list with parameters that we do not know: those may change the result.
    private func listKey(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> ListKey? {
        let params = envelope.params
        guard let method = envelope.knownMethod, !params.hasOthers, !params.name.isPresent, !params.uri.isPresent,
            !params.level.isPresent, !params.task.isPresent, !params.requestID.isPresent,
            !params.progressToken.isPresent
        else { return nil }
        let cursor = params.cursor.isPresent ? RawToken(line, params.cursor.range) : nil
        return ListKey(method: method, cursor: cursor)
    }

    private func isBelieved(_ page: ListCache.Page, of key: ListKey, by session: SessionID, now: Int64) -> Bool {
        guard backend.phase == .ready, page.isVerified, let change = ListChange(key.method) else { return true }
        if era == .modern { return now - page.storedAt < page.lifetime }
        if handshake?.announcesChanges(of: change.capability) == true { return true }
        guard !mayBeOld(key, askedBy: page.request, for: session) else { return false }
        return now - page.storedAt < Int64(configuration.listLifetime)
    }

    /// Whether this session may know of changes of a list that the request does not: those of a call that was answered
    /// after the list was asked for, where the backend announces none.
    private func mayBeOld(_ key: ListKey, askedBy request: UInt64, for session: SessionID) -> Bool {
        guard era == .legacy, let change = ListChange(key.method),
            handshake?.announcesChanges(of: change.capability) != true, let last = sessions[session]?.lastAnswerAt
        else { return false }
        return request <= last
    }

    /// Servers of the stateless era may answer by what each request says of its client.
    private func asker(
        _ line: Span<UInt8>, _ envelope: borrowing Envelope, _ target: ReplyTarget
    ) -> [UInt8] {
        guard target.form.contains(.modern) else { return clientMembers(of: target.session, level: nil) }
        let meta = MetaMembers(line, envelope.params.meta)
        let said = [
            (ReservedMetaKey.protocolVersion, meta.protocolVersion),
            (.clientCapabilities, meta.clientCapabilities), (.clientInfo, meta.clientInfo),
        ]
        return joined(said.filter { $0.1.isPresent }.map { member($0.0.name, copy(line, $0.1.range)) })
    }

    private mutating func startFetch(_ key: ListKey, now: Int64, _ actions: inout Actions) {
        let params = key.cursor.map { "{\"cursor\":\($0.text)}" }
        if !lists.isFetching { actions.list.append(.arm(.lists, milliseconds: configuration.listTimeout)) }
        // What an earlier process said is compared with what this one says to the same.
        let asker = lists.fetches[key]?.asker ?? lists.pages[key]?.asker ?? []
        let id = sendOwn(key.method.rawValue, params: params, owner: .list(key), as: asker, &actions)
        lists.fetches[key, default: ListCache.Fetch(asker: asker)].id = id
        lists.fetches[key]?.sentAt = now
    }

    /// A backend is ready: what waits is fetched, and what an earlier process said is asked again.
    mutating func startLists(now: Int64, _ actions: inout Actions) {
        let doubted = lists.pages.filter { !$0.value.isVerified && $0.key.cursor == nil }.map(\.key)
        let keys = Set(lists.fetches.keys).union(doubted)
        for key in keys.sorted(by: {
            ($0.method.rawValue, $0.cursor?.text ?? "") < ($1.method.rawValue, $1.cursor?.text ?? "")
        }) {
            startFetch(key, now: now, &actions)
        }
    }

    func page(of method: Method, _ raw: [UInt8], now: Int64, isVerified: Bool = false) -> ListCache.Page {
        let visible = method == .toolsList ? ToolFilter.hide(configuration.denyTools, in: raw) : raw
        return ListCache.Page(
            raw: raw, visible: visible, storedAt: now, isVerified: isVerified, lifetime: timeToLive(of: raw),
            isPublic: isPublic(raw))
    }

    mutating func finishFetch(
        _ id: UInt64, _ key: ListKey, _ line: Span<UInt8>, _ envelope: borrowing Envelope, now: Int64,
        _ actions: inout Actions
    ) {
        guard let fetch = lists.take(id, key) else { return }
        if !lists.isFetching { actions.list.append(.disarm(.lists)) }
        guard !envelope.result.isEmpty else {
            let error = copy(line, envelope.error)
            if !fetch.isStale, lists.pages[key] != nil { forget(key, &actions) }
            for waiter in fetch.waiters { release(waiter) }
            for waiter in fetch.waiters { answer(waiter, member: "error", error, &actions) }
            return
        }
        var page = page(of: key.method, copy(line, envelope.result), now: now, isVerified: true)
        page.request = id
        page.asker = fetch.asker
        if !fetch.isStale, (lists.pages[key]?.request ?? 0) < id { keep(page, at: key, &actions) }
        for waiter in fetch.waiters {
            release(waiter)
            answer(waiter, result: page.visible, &actions)
        }
    }

    private mutating func keep(_ page: ListCache.Page, at key: ListKey, _ actions: inout Actions) {
        let old = lists.pages[key]
        if key.cursor == nil, old?.isVerified == false { lists.removeLaterPages(of: key.method) }
        lists.store(page, at: key)
        guard page.raw != old?.raw, key.cursor == nil else { return }
        actions.list.append(.snapshotChanged)
        // Two askers who are told different things have not seen a change.
        guard let old, old.visible != page.visible, era == .legacy || old.asker == page.asker,
            let change = ListChange(key.method)
        else { return }
        lists.removeLaterPages(of: key.method)
        scheduleListChange(change, &actions)
    }

    /// The backend will not say again what an earlier process said.
    private mutating func forget(_ key: ListKey, _ actions: inout Actions) {
        lists.remove(key)
        lists.removeLaterPages(of: key.method)
        if let change = ListChange(key.method) { scheduleListChange(change, &actions) }
        actions.list.append(.snapshotChanged)
    }

    /// The backend was asked and did not say: what an earlier process said is not to be believed on and on.
    mutating func doubt(_ key: ListKey, askedBy id: UInt64, _ actions: inout Actions) {
        guard let fetch = lists.fetches[key], fetch.id == id, !fetch.isStale else { return }
        if lists.pages[key]?.isVerified == false { forget(key, &actions) }
    }

    mutating func listsTimedOut(now: Int64, _ actions: inout Actions) {
        let late = now - Int64(configuration.listTimeout)
        let running = lists.fetches.compactMap { $0.value.id } + lists.overtaken.keys
        for id in running.sorted() {
            guard case .list(let key)? = pending.entries[id]?.owner,
                (lists.overtaken[id] ?? lists.fetches[key])?.sentAt ?? now <= late
            else { continue }
            doubt(key, askedBy: id, &actions)
            guard let fetch = lists.take(id, key) else { continue }
            pending.cancel(id, now: now)
            armTombstones(&actions)
            let seconds = configuration.listTimeout / 1000
            let text = "\(configuration.server) did not answer \(key.method.rawValue) within \(seconds) s"
            for waiter in fetch.waiters {
                release(waiter)
                answer(waiter, .failure(text, reason: "list_timeout"), &actions)
            }
        }
        if lists.isFetching { actions.list.append(.arm(.lists, milliseconds: configuration.listTimeout)) }
        drainAll(&actions)
        finishAllInputEnds(now: now, &actions)
    }
}
