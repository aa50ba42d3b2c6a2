// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// Starts backends and ends them. One implementation asks systemd, the other does it by itself.
///
/// All methods run on the supervisor's own executor.
protocol Launcher: AnyObject {
    var kind: LauncherKind { get }
    /// Whether the kernel holds backends to their limits.
    var enforcesLimits: Bool { get }

    /// Whether a backend that sleeps gives memory back.
    var reclaims: Bool { get }

    /// Starts a backend; returns when its program runs.
    func launch(_ order: LaunchOrder) async throws(LaunchError) -> LaunchedBackend

    /// Asks every process of the backend to end (SIGTERM).
    func terminate(_ backend: LaunchedBackend) async

    /// Ends every process of the backend (SIGKILL).
    func kill(_ backend: LaunchedBackend) async

    /// To be called at once when the backend's process has ended: keeps what will be gone in a moment.
    func examine(_ backend: LaunchedBackend)

    /// Why the backend's process ended, as well as can be known.
    func cause(of end: ProcessEnd, _ backend: LaunchedBackend) async -> ExitCause

    /// After its main process has ended: ends what the backend left behind, and forgets it.
    func cleanUp(_ backend: LaunchedBackend) async

    /// Stops every process of the backend where it stands.
    func freeze(_ backend: LaunchedBackend) async throws(LaunchError)

    /// Lets its processes go on.
    func thaw(_ backend: LaunchedBackend) async throws(LaunchError)

    /// Whether it stands still; for one that another supervisor left.
    func isFrozen(_ backend: LaunchedBackend) -> Bool

    /// Gives the memory of a frozen backend back, for as long as `sleeps`.
    func reclaim(_ backend: LaunchedBackend, while sleeps: () -> Bool) async -> Reclaimed

    func setLimits(_ limits: Limits, of backend: LaunchedBackend) async throws(LaunchError)

    /// What the kernel holds the backend to, as read back.
    func limits(of backend: LaunchedBackend) async -> Limits?

    func memory(of backend: LaunchedBackend) async -> BackendMemory

    /// Processor time that the backend's processes took, in seconds.
    func cpuSeconds(of backend: LaunchedBackend) -> Double?

    /// Where its process is, if that has moved itself out of the place it was put into: limits, figures and the end do
    /// not reach it there.
    func departure(of backend: LaunchedBackend) -> String?

    /// Every process of the backend.
    func processes(of backend: LaunchedBackend) -> [Int32]

    /// The last lines that backends of this name wrote to stderr.
    func lastLines(of identifier: String, unit: String?, count: Int) async -> [String]
}

/// What a launcher is told.
struct LaunchOrder {
    /// The backend's id: also the identifier of its lines in the journal.
    let identifier: String
    let unit: String
    let description: String
    let command: [String]
    /// `NAME=value`, complete.
    let environment: [[UInt8]]
    /// The directory to start in. Borrowed.
    let directory: Int32
    let umask: UInt32
    let limits: Limits
    /// Milliseconds between SIGTERM and SIGKILL.
    let killTimeout: Int64
    /// Whether somebody still waits for it. Asked when the process is in its place, before its program runs.
    var isWanted: () -> Bool = { true }
    /// Called when the process is in its place, before its program runs.
    var keep: ((_ pid: Int32, _ input: Int32, _ output: Int32) -> Void)?
}

/// Why a backend could not be started: one line for whoever waits.
enum LaunchError: Error, Equatable, CustomStringConvertible {
    case noGate(String)
    case noManager(reason: String)
    case spawn(PosixError)
    case program(String, code: Int32)
    case scopeRefused(unit: String, reason: String)
    case notInScope(unit: String)
    case died(String)
    case unwanted(unit: String)
    case limitsRefused(unit: String, reason: String)
    case limitsNotEnforced(String)
    case notFrozen(unit: String, reason: String)
    case notThawed(unit: String, reason: String)

    var description: String {
        switch self {
        case .noGate(let searched): "mcp-gate is not installed beside mcp-supervisor (looked for \(searched))"
        case .noManager(let reason):
            "cannot start backends with systemd: \(reason); start the supervisor where the user's service manager runs, "
                + "or with --launcher auto"
        case .spawn(let error): "\(error)"
        case .program(let program, let code): "cannot run \(program): \(PosixError.text(of: code))"
        case .scopeRefused(let unit, let reason): "systemd refused the scope \(unit): \(reason)"
        case .notInScope(let unit): "the process was not moved into its scope \(unit)"
        case .died(let reason): "the process ended before it could start: \(reason)"
        case .unwanted(let unit): "nobody waits for \(unit) any more"
        case .limitsRefused(let unit, let reason): "systemd refused the limits of \(unit): \(reason)"
        case .limitsNotEnforced(let whose):
            "cannot set the limits of \(whose): the direct launcher has no way to enforce them; run under systemd"
        case .notFrozen(let unit, let reason): "\(unit) cannot be frozen: \(reason)"
        case .notThawed(let unit, let reason): "\(unit) cannot be thawed: \(reason)"
        }
    }
}

/// A backend's process and the ends of its pipes.
final class LaunchedBackend {
    let child: ChildProcess
    let unit: String?
    let identifier: String
    let started: Int64
    /// The backend's stdin and stdout, until the backend's own streams take them.
    private var pipes: (input: Int32, output: Int32)?
    /// Where stderr is relayed by us: direct mode.
    var errorLog: ErrorLog?
    /// In direct mode: its stderr as the kernel names it, and processes that were seen to be its, by pid, with the time of
    /// their start.
    var errorPipe: String?
    var seen: [Int32: UInt64] = [:]
    /// The scope's directory in the cgroup tree.
    var cgroup: String?
    /// The highest memory use that was seen, in bytes.
    var peakSeen: Int64?
    /// Whether it was said that it has left its scope.
    var hasDeparted = false
    /// Whether we ended it ourselves.
    var wasKilled = false
    /// Its processes may stand still: to be thawed before it is ended, which newer systemd refuses for a frozen unit.
    var isFrozen = false
    /// The memory counters of its cgroup: as last looked at, and what they rose by until its death.
    var memoryBaseline = CounterBaseline()
    var eventsAtDeath: MemoryEvents?
    var peakAtDeath: Int64?
    /// Tells of processes of it that are killed for lack of memory.
    var killNotice: KillNotice?

    init(child: ChildProcess, unit: String?, identifier: String, input: Int32, output: Int32) {
        self.child = child
        self.unit = unit
        self.identifier = identifier
        started = Clock.wallSeconds()
        pipes = (input, output)
    }

    var pid: Int32 { child.pid }

    /// Hands the pipes over, once.
    func takePipes() -> (input: Int32, output: Int32)? {
        defer { pipes = nil }
        return pipes
    }

    deinit {
        guard let pipes else { return }
        _ = Descriptor(owning: pipes.input)
        _ = Descriptor(owning: pipes.output)
    }
}

/// How a backend came to its end.
struct ExitCause: Sendable, Equatable, Codable {
    /// Of a process that a former supervisor had started.
    static let unknownStatus: Int32 = -1

    var reason: BackendExit.Reason
    /// Exit status or signal number.
    var status: Int32
    /// For `timeout`: what it had for its start, in milliseconds.
    var patience: Int64?
    /// For `oom`: the limit that was hit and the highest use, in bytes, as far as known.
    var limit: Int64?
    var peak: Int64?
    /// For `oom`: what was full.
    var shortage: Shortage?
    /// For `oom`: another process of the backend was killed, and this one ended because of that.
    var hitHelper = false

    /// The cause as a clause: "was killed: out of memory (limit 1.0G, peak 1.0G)".
    var clause: String {
        switch reason {
        case .exit: return "exited with status \(status)"
        case .signal: return "was killed by signal \(status)"
        case .timeout: return "did not answer the handshake\(withinPatience) and was stopped"
        case .limit: return "reached its time limit"
        case .stopped: return "was stopped"
        case .unknown: return "ended; how is not known, because it had outlived a supervisor"
        case .oom: return outOfMemory
        }
    }

    private var withinPatience: String { patience.map { " " + ExitCause.within($0) } ?? " in time" }

    /// Milliseconds in words.
    static func within(_ patience: Int64) -> String {
        patience % 1000 == 0 ? "within \(patience / 1000) s" : "within \(patience) ms"
    }

    private var outOfMemory: String {
        let what = hitHelper ? "ended because a process of it was killed" : "was killed"
        let whose =
            switch shortage {
            case .total: "limit of all backends together"
            case .machine: "the machine had none left"
            case .own, nil: "limit"
            }
        let limit = limit.map { "\(whose) \(ByteSize.text($0))" } ?? (shortage == .machine ? whose : nil)
        let known = [limit, peak.map { "peak \(ByteSize.text($0))" }].compactMap(\.self).joined(separator: ", ")
        return "\(what): out of memory" + (known.isEmpty ? "" : " (\(known))")
    }

    /// What to do about it, where more time or more memory may help: a limit twice as high, as a command.
    func advice(_ backend: String) -> String? {
        if reason == .timeout { return "start_timeout in the configuration gives it longer" }
        guard reason == .oom, let limit else { return nil }
        let whom = shortage == .total ? "--total" : backend
        return "raise the limit with: mcpctl limits \(whom) --set MemoryMax=\(ByteSize.text(limit * 2)) --persist"
    }
}
