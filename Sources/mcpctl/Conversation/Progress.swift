// SPDX-License-Identifier: Apache-2.0
import Posix

/// A line on a terminal's stderr that says what is awaited, from the second second on.
struct Progress {
    private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    let awaiting: String
    private let shows = StandardStream.error.isTerminal && OwnProcess.variable("TERM") != "dumb"
    private var frame = 0

    init(awaiting: String) { self.awaiting = awaiting }

    mutating func waited(_ milliseconds: Int) {
        guard shows, milliseconds >= 1000 else { return }
        let mark = Self.frames[frame % Self.frames.count]
        frame += 1
        write("\r\(mark) waiting for \(printable(awaiting)), \(milliseconds / 1000) s\u{1B}[K")
    }

    /// Takes the line away again.
    func finish() {
        if frame > 0 { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { try? StandardStream.error.write(Array(text.utf8)) }
}
