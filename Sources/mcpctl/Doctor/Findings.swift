// SPDX-License-Identifier: Apache-2.0
import Control
import Posix

/// Something about this machine that matters here.
struct Finding: Codable, Equatable {
    enum Level: String, Codable {
        case fine, note, problem
    }

    var check: String
    var level: Level
    /// What is so, and what to do about it.
    var text: String
}

/// Looks at what the supervisor needs.
struct Examination {
    let socket: String
    let runtime: String
    let home: String

    static func here() -> Examination {
        let runtime = OwnProcess.variable("XDG_RUNTIME_DIR") ?? "/run/user/\(OwnProcess.uid)"
        return Examination(socket: ControlPath.socket(), runtime: runtime, home: OwnProcess.home)
    }

    func findings() -> [Finding] {
        [manager, memoryController, swap, stalls, directory, startLimit, linger].compactMap(\.self)
    }

    private var hasManager: Bool { Files.identity("\(runtime)/systemd/private") != nil }

    private var manager: Finding {
        hasManager
            ? Finding(check: "systemd", level: .fine, text: "a user manager runs: servers get scopes of their own")
            : Finding(
                check: "systemd", level: .note,
                text: "no user manager: servers run as children of the supervisor, and no limit is enforced")
    }

    /// Looked for where the user manager's own cgroup is: what is not there was not delegated to the user.
    private var memoryController: Finding? {
        guard hasManager else { return nil }
        let uid = OwnProcess.uid
        let group = "/sys/fs/cgroup/user.slice/user-\(uid).slice/user@\(uid).service/cgroup.controllers"
        let words = (Files.text(group) ?? "").split { $0 == " " || $0 == "\n" }
        return words.contains("memory")
            ? Finding(check: "limits", level: .fine, text: "the memory controller is delegated to this user")
            : Finding(
                check: "limits", level: .problem,
                text: "this user has no memory controller: MemoryMax does nothing here; boot with cgroup v2 "
                    + "(systemd.unified_cgroup_hierarchy=1), or add Delegate=memory to user@.service")
    }

    private var swap: Finding {
        let total = (Files.text("/proc/meminfo") ?? "").split(separator: "\n").first { $0.hasPrefix("SwapTotal:") }
        let kibibytes = total?.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
        return kibibytes > 0
            ? Finding(check: "swap", level: .fine, text: "\(ByteSize.text(kibibytes * 1024)) for what hibernates")
            : Finding(
                check: "swap", level: .note,
                text: "no swap: hibernated servers keep their memory, but for pages of files; zram would do")
    }

    private var stalls: Finding {
        Files.text("/proc/pressure/memory") != nil
            ? Finding(check: "pressure", level: .fine, text: "the kernel tells of stalls (/proc/pressure/memory)")
            : Finding(
                check: "pressure", level: .note,
                text: "the kernel does not tell of stalls (CONFIG_PSI): the available memory is looked at instead")
    }

    private var directory: Finding {
        let directory = socket.lastIndex(of: "/").map { String(socket[..<$0]) } ?? "."
        guard Files.identity(directory) != nil else {
            return Finding(check: "socket", level: .note, text: "\(directory) is not there: no supervisor has run yet")
        }
        return Files.isPrivate(directory)
            ? Finding(check: "socket", level: .fine, text: "\(directory) belongs to this user alone")
            : Finding(
                check: "socket", level: .problem,
                text: "\(directory) is open to others or not yours: chmod 700 it, or remove it")
    }

    private var startLimit: Finding? {
        guard hasManager else { return nil }
        let units = ["mcp-supervisor.socket", "mcp-supervisor.service"]
        let failed = units.filter { unit in
            let program = Program("systemctl", ["--user", "show", "--property=ActiveState", "--value", unit])
            return (try? program.output(limit: 4096)) == "failed\n"
        }
        guard !failed.isEmpty else { return nil }
        return Finding(
            check: "units", level: .problem,
            text: "\(failed.joined(separator: " and ")) failed: journalctl --user -u mcp-supervisor tells why; then "
                + "systemctl --user reset-failed \(units.joined(separator: " ")) && systemctl --user start \(units[0])")
    }

    private var linger: Finding? {
        guard hasManager, let user = OwnProcess.variable("USER") else { return nil }
        return Files.identity("/var/lib/systemd/linger/\(user)") != nil
            ? Finding(check: "linger", level: .fine, text: "the user manager stays after the last logout")
            : Finding(
                check: "linger", level: .note,
                text: "servers end with your last logout; 'loginctl enable-linger' keeps them for agents that go on")
    }
}
