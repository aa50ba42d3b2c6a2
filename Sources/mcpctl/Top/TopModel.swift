// SPDX-License-Identifier: Apache-2.0
import Control

/// What `mcpctl top` shows and does, without a terminal: events in, actions out.
struct TopModel {
    enum Event {
        case key(TopKey)
        case resized(columns: Int, rows: Int)
        /// At a time of the monotonic clock, in milliseconds.
        case answered(StatusReply, at: Int64)
        /// There is no answer, and why.
        case silent(String)
        /// An action of ours is over: what became of it.
        case done(String)
        case failed(String)
    }

    enum Action: Equatable {
        case leave, refresh
        case hibernate(String)
        case wake(String)
        case stop(String)
    }

    enum Order: String, CaseIterable {
        case name = "n"
        case memory = "m"
        case cpu = "c"
        case calls = "r"

        var inWords: String {
            switch self {
            case .name: "name"
            case .memory: "memory"
            case .cpu: "CPU"
            case .calls: "calls"
            }
        }
    }

    enum Mode: Equatable {
        case list, help
        /// Asked whether to stop this backend.
        case confirming(String)
    }

    /// One line for the user about what he did.
    struct Notice: Equatable {
        var text: String
        var isFailure = false
    }

    var columns = 80
    var rows = 24
    private(set) var sample: TopSample?
    /// Why what is shown is old.
    private(set) var trouble: String?
    private(set) var order = Order.name
    private(set) var mode = Mode.list
    private(set) var notice: Notice?
    /// The id of the backend that the keys act on.
    private(set) var chosen: String?

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .key(let key): return pressed(key)
        case .resized(let columns, let rows): (self.columns, self.rows) = (columns, rows)
        case .answered(let status, let time):
            sample = TopSample(status, at: time, after: sample)
            trouble = nil
            keepChoice()
        case .silent(let reason): trouble = reason
        case .done(let text): notice = Notice(text: text)
        case .failed(let text): notice = Notice(text: text, isFailure: true)
        }
        return []
    }

    /// The backends in the order they are shown in.
    var backends: [BackendStatus] {
        let all = (sample?.status.backends ?? []).sorted { $0.id < $1.id }
        guard let sample, order != .name else { return all }
        func weight(_ backend: BackendStatus) -> Double {
            switch order {
            case .name: 0
            case .memory: Double(backend.memory.currentBytes ?? backend.memory.pssBytes ?? 0)
            case .cpu: sample.rates(of: backend).cpuPercent ?? 0
            case .calls: sample.rates(of: backend).callsPerSecond ?? 0
            }
        }
        // Equal ones by name, or they would jump about.
        return all.map { ($0, weight($0)) }.sorted { ($1.1, $0.0.id) < ($0.1, $1.0.id) }.map(\.0)
    }

    /// Those of the chosen backend first.
    var sessions: [SessionStatus] {
        let all = sample?.status.sessions ?? []
        return all.filter { $0.backend == chosen } + all.filter { $0.backend != chosen }
    }
}

extension TopModel {
    private mutating func pressed(_ key: TopKey) -> [Action] {
        notice = nil
        switch mode {
        case .help:
            mode = .list
            return key == .character("q") ? [.leave] : []
        case .confirming(let id):
            mode = .list
            return key == .character("y") || key == .character("Y") ? [.stop(id)] : []
        case .list:
            return pressedInList(key)
        }
    }

    private mutating func pressedInList(_ key: TopKey) -> [Action] {
        switch key {
        case .up, .character("k"): choose(by: -1)
        case .down, .character("j"): choose(by: 1)
        case .pageUp: choose(by: -10)
        case .pageDown: choose(by: 10)
        case .first: choose(by: .min / 2)
        case .last: choose(by: .max / 2)
        case .character("q"): return [.leave]
        case .character(" "), .enter: return [.refresh]
        case .character("?"): mode = .help
        case .character("h"): return chosen.map { [.hibernate($0)] } ?? []
        case .character("w"): return chosen.map { [.wake($0)] } ?? []
        case .character("s"): mode = chosen.map(Mode.confirming) ?? .list
        case .character(let letter): order = Order(rawValue: String(letter)) ?? order
        case .escape: break
        }
        return []
    }

    private mutating func choose(by steps: Int) {
        let ids = backends.map(\.id)
        guard !ids.isEmpty else { return }
        let place = ids.firstIndex { $0 == chosen } ?? 0
        chosen = ids[min(max(0, place + steps), ids.count - 1)]
    }

    /// A backend that is gone cannot stay chosen.
    private mutating func keepChoice() {
        let ids = backends.map(\.id)
        if let chosen, ids.contains(chosen) { return }
        if case .confirming = mode { mode = .list }
        chosen = ids.first
    }
}
