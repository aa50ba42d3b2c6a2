// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct IgnoredEnvironmentTests {
    @Test(arguments: [
        "_", "PWD", "OLDPWD", "SHLVL", "TERM", "TERM_PROGRAM", "TMUX", "TMUX_PANE", "SSH_AUTH_SOCK", "SSH_TTY",
        "CLAUDE_CODE_SESSION_ID", "CLAUDE_PROJECT_DIR", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "INVOCATION_ID",
        "JOURNAL_STREAM", "WATCHDOG_USEC", "MCP_SUPERVISOR_SOCKET", "MCP_SUPERVISOR_BACKEND", "VSCODE_PID",
    ])
    func whatDiffersFromSessionToSessionIsIgnored(name: String) {
        #expect(IgnoredEnvironment().contains(name))
    }

    @Test(arguments: [
        "HOME", "PATH", "USER", "LANG", "GITHUB_TOKEN", "API_KEY", "PWD_", "XPWD", "pwd", "ATERM", "CLAUDE_API_KEY",
        "ANTHROPIC_API_KEY", "VIRTUAL_ENV", "PYTHONPATH", "NODE_OPTIONS", "AWS_PROFILE", "KUBECONFIG", "",
        "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SHELL", "LOGNAME",
    ])
    func whatMayMeanSomethingToAServerSeparates(name: String) {
        #expect(!IgnoredEnvironment().contains(name))
    }

    @Test func theConfigurationAddsNamesAndBeginnings() {
        let ignored = IgnoredEnvironment(additional: ["MY_PROMPT_*", "EXACT"])
        #expect(ignored.contains("MY_PROMPT_1"))
        #expect(ignored.contains("MY_PROMPT_"))
        #expect(!ignored.contains("MY_PROMPT"))
        #expect(ignored.contains("EXACT"))
        #expect(!ignored.contains("EXACTLY"))
        #expect(ignored.contains("TERM"))
    }

    @Test func theListNamesNothingTwice() {
        let list = IgnoredEnvironment.builtIn
        #expect(Set(list).count == list.count)
        for name in list where !name.hasSuffix("*") {
            let beginnings = list.filter { $0.hasSuffix("*") && name.hasPrefix($0.dropLast()) }
            #expect(beginnings.isEmpty, "\(name) is covered by \(beginnings)")
        }
    }

    /// A star anywhere else would silently mean nothing.
    @Test func starsStandAtTheEndOnly() {
        for name in IgnoredEnvironment.builtIn { #expect(!name.dropLast().contains("*"), "\(name)") }
    }
}
