// SPDX-License-Identifier: Apache-2.0
import Control

/// A status, and what came to pass between the one before and this.
struct TopSample {
    /// What one backend did a second.
    struct Rates: Equatable {
        /// Of one processor, in percent.
        var cpuPercent: Double?
        var callsPerSecond: Double?
    }

    let status: StatusReply
    /// Monotonic milliseconds.
    let at: Int64
    private(set) var rates: [String: Rates] = [:]

    init(_ status: StatusReply, at: Int64, after former: TopSample? = nil) {
        self.status = status
        self.at = at
        guard let former, at > former.at else { return }
        let seconds = Double(at - former.at) / 1000
        let before = Dictionary(former.status.backends.map { ($0.id, $0) }) { first, _ in first }
        for backend in status.backends {
            guard let old = before[backend.id] else { continue }
            let isSameProcess = old.generation == backend.generation && old.pid == backend.pid
            rates[backend.id] = Rates(
                cpuPercent: isSameProcess
                    ? Self.rate(old.cpuSeconds, backend.cpuSeconds, seconds).map { $0 * 100 } : nil,
                callsPerSecond: Self.rate(old.calls.map(Double.init), backend.calls.map(Double.init), seconds))
        }
    }

    func rates(of backend: BackendStatus) -> Rates { rates[backend.id] ?? Rates() }

    /// `nil` where one of them is not known, or a counter began anew.
    private static func rate(_ old: Double?, _ new: Double?, _ seconds: Double) -> Double? {
        guard let old, let new, new >= old else { return nil }
        return (new - old) / seconds
    }
}
