// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Posix

/// How facts are printed. A new format is a compile error in ``Renderer``, and only there.
enum OutputFormat {
    case human
    case json
}

/// Something a human can read.
protocol Shown {
    func lines(_ view: View) -> [String]
}

/// What the lines depend on besides the facts.
struct View {
    var style: Style
    /// Seconds since 1970.
    var now: Int64
    /// What a line has room for; `nil` where it goes to no terminal: a file keeps all.
    var columns: Int?
}

extension View {
    static var forOutput: View {
        let columns = StandardStream.output.isTerminal ? FullScreen.size?.columns : nil
        return View(style: .forOutput, now: Clock.wallSeconds(), columns: columns)
    }
}

/// The one place where facts become text.
struct Renderer {
    var format: OutputFormat
    var view: View

    func text<Reply: Shown & Decodable>(_ answer: Answer<Reply>) throws -> String {
        switch format {
        case .json: return answer.document.text + "\n"
        case .human: return try answer.reply().lines(view).map { $0 + "\n" }.joined()
        }
    }
}

extension CommonOptions {
    var format: OutputFormat { json ? .json : .human }

    /// Prints an answer in the format the user asked for.
    func show<Reply: Shown & Decodable>(_ answer: Answer<Reply>) throws {
        let renderer = Renderer(format: format, view: .forOutput)
        try StandardStream.output.write(Array(renderer.text(answer).utf8))
    }
}
