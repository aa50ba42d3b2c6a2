// SPDX-License-Identifier: Apache-2.0

/// The variables that say nothing about a server: they differ from terminal to terminal or from session to session.
///
/// A variable that is not on the list separates: wrong sharing is worse than none. What a server may need (the user's
/// shell, the display that a browser opens on) must not be on it: it would not get it. The list is in
/// mcp-supervisor.toml(5); `ignore_env` adds to it.
public struct IgnoredEnvironment: Sendable, Equatable {
    private let all: Names

    /// - Parameter additional: names, or beginnings followed by `*`.
    public init(additional: [String] = []) {
        all = Names(IgnoredEnvironment.builtIn + additional)
    }

    public func contains(_ name: String) -> Bool { all.names(name) || all.covers(name) }

    /// Names of variables, and beginnings of names followed by `*`.
    struct Names: Sendable, Equatable {
        private let exact: Set<String>
        private let prefixes: [String]

        init(_ list: [String]) {
            exact = Set(list.filter { !$0.hasSuffix("*") })
            prefixes = list.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
        }

        /// Whether it is there in full.
        func names(_ name: String) -> Bool { exact.contains(name) }
        /// Whether a beginning of it is there.
        func covers(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0) } }
    }

    /// Grouped by who sets them.
    public static let builtIn: [String] = [
        // The shell and where it stands.
        "_", "SHLVL", "PWD", "OLDPWD", "PS1", "PS2", "PROMPT_COMMAND", "HISTFILE", "HISTSIZE", "HISTCONTROL",
        "HISTFILESIZE", "SHELL_SESSION_ID", "BASHOPTS", "SHELLOPTS", "BASHPID", "ZDOTDIR", "PPID", "MAIL",
        "USERNAME", "HOSTNAME", "HOSTTYPE", "OSTYPE", "MACHTYPE", "DIRENV_*", "STARSHIP_*",
        // The terminal.
        "TERM*", "COLUMNS", "LINES", "COLORTERM", "COLORFGBG", "LS_COLORS", "LSCOLORS", "CLICOLOR*", "FORCE_COLOR",
        "NO_COLOR", "TMUX*", "STY", "WINDOW", "WINDOWID", "WINDOWPATH", "ITERM_*", "KITTY_*", "ALACRITTY_*",
        "WEZTERM_*", "GHOSTTY_*", "KONSOLE_*", "VTE_VERSION", "GNOME_TERMINAL_*", "TILIX_ID", "WT_*", "ZELLIJ*",
        "GPG_TTY", "INSIDE_EMACS", "LESS*", "PAGER", "MANPAGER", "GIT_PAGER", "EDITOR", "VISUAL",
        // The login, the seat and the desktop.
        "SSH_*", "XDG_SESSION_*", "XDG_SEAT*", "XDG_VTNR", "XDG_CURRENT_DESKTOP", "XDG_ACTIVATION_TOKEN",
        "XDG_MENU_PREFIX", "DESKTOP_*", "WAYLAND_SOCKET", "GDMSESSION", "GDM_LANG",
        "GNOME_DESKTOP_*", "GNOME_SETUP_DISPLAY", "GNOME_SHELL_*", "KDE_*", "QT_*", "GTK_*", "GIO_LAUNCHED_*",
        "BAMF_*", "SESSION_MANAGER", "DBUS_STARTER_*", "IM_CONFIG_*", "XMODIFIERS", "CHROME_DESKTOP", "SUDO_*",
        // The service manager: what it sets for its own services.
        "NOTIFY_SOCKET", "LISTEN_*", "WATCHDOG_*", "INVOCATION_ID", "JOURNAL_STREAM", "MANAGERPID*",
        "SYSTEMD_EXEC_PID", "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY",
        "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY", "MEMORY_PRESSURE_*", "FDSTORE", "MAINPID",
        // Agents and editors: what they set for each session.
        "CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_PROJECT_DIR", "CLAUDE_AGENT_*", "CLAUDE_EFFORT", "CODEX_SESSION_*", "CODEX_THREAD_ID",
        "CODEX_SANDBOX*", "AMP_THREAD_*", "AGENT_THREAD_ID", "CURSOR_TRACE_ID", "CURSOR_AGENT", "GEMINI_CLI",
        "GEMINI_CLI_SESSION*", "OPENCODE", "OPENCODE_SESSION*", "WORKSPACE_FOLDER_PATHS", "VSCODE_*", "ELECTRON_*",
        "ZED_*", "NVIM*", "VIM", "VIMRUNTIME", "MYVIMRC", "AI_AGENT", "TRACEPARENT", "TRACESTATE", "BAGGAGE",
        // This program.
        "MCP_SUPERVISOR_SOCKET", "MCP_SUPERVISOR_BIN", "MCP_SUPERVISOR_BACKEND",
    ]
}
