// SPDX-License-Identifier: Apache-2.0
import Control
import Posix

/// How text may be set off: with colours on a terminal whose user did not forbid them (https://no-color.org).
struct Style {
    let colours: Bool

    static var forOutput: Style {
        let forbidden = !(OwnProcess.variable("NO_COLOR") ?? "").isEmpty
        let dumb = OwnProcess.variable("TERM") == "dumb"
        return Style(colours: StandardStream.output.isTerminal && !forbidden && !dumb)
    }

    /// A way to set a text off, by its SGR number (console_codes(4)).
    enum Accent: Int {
        case plain = 0
        case bold = 1
        case faint = 2
        case reverse = 7
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
    }

    func apply(_ accent: Accent, _ text: String) -> String {
        guard colours, accent != .plain, !text.isEmpty else { return text }
        return "\u{1B}[\(accent.rawValue)m\(text)\u{1B}[0m"
    }
}

extension Word<BackendState> {
    /// What needs attention is red, what is on its way yellow.
    var accent: Style.Accent {
        switch known {
        case .ready: .green
        case .starting, .stopping: .yellow
        case .failed: .red
        case .idle, .hibernated: .blue
        case .stopped: .faint
        case nil: .plain
        }
    }
}
