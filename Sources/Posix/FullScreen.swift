// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A terminal taken over as a whole: keys come one by one and are not shown, and what was on it comes back afterwards.
public struct FullScreen: ~Copyable {
    private let saved: termios
    private var isOn = false

    /// Remembers how the terminal on stdin is set; ``enter()`` takes it over.
    public init() throws(PosixError) {
        var settings = termios()
        guard unsafe tcgetattr(0, &settings) == 0 else { throw .last("read the settings of", "the terminal") }
        saved = settings
    }

    deinit { if isOn { restore() } }

    /// Takes the terminal over: the other screen, no cursor, no echo, no lines. The keys of signals stay.
    public mutating func enter() throws(PosixError) {
        var settings = saved
        settings.c_lflag &= ~(tcflag_t(ICANON) | tcflag_t(ECHO))
        guard unsafe tcsetattr(0, TCSADRAIN, &settings) == 0 else {
            throw .last("change the settings of", "the terminal")
        }
        isOn = true
        // Control sequences of xterm that every terminal of today knows: the alternate screen, and the cursor.
        try StandardStream.output.write(Array("\u{1B}[?1049h\u{1B}[?25l".utf8))
    }

    /// Gives it back as it was.
    public mutating func leave() {
        guard isOn else { return }
        isOn = false
        restore()
    }

    private func restore() {
        var settings = saved
        try? StandardStream.output.write(Array("\u{1B}[?25h\u{1B}[?1049l".utf8))
        _ = unsafe tcsetattr(0, TCSADRAIN, &settings)
    }

    /// Its size in characters; `nil` when it does not know.
    public static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe cposix_window_size(1, &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
