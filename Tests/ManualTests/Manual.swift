// SPDX-License-Identifier: Apache-2.0
import Posix

/// The package's own files, found from this one.
enum Package {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func text(_ path: String) throws -> String {
        String(decoding: try Files.read("\(root)/\(path)"), as: UTF8.self)
    }

    /// Where the programs are: `MCP_BIN`, else the debug build.
    static var binaries: String { OwnProcess.variable("MCP_BIN") ?? "\(root)/.build/debug" }
}

/// A manual page in mdoc(7), cut into what it says about what.
struct Manual {
    let lines: [Substring]

    init(_ name: String) throws {
        lines = try Package.text("man/\(name)").split(separator: "\n")
    }

    /// What is said before the first subsection: it holds for every command.
    var common: [Substring] { Array(lines.prefix { !$0.hasPrefix(".Ss ") }) }

    /// From the item that begins with a command to the next command or subsection.
    func section(command: String) -> [Substring] {
        guard let start = lines.firstIndex(where: { Self.commands(of: $0).contains(command) }) else { return [] }
        let rest = lines[(start + 1)...].prefix { Self.commands(of: $0).isEmpty && !$0.hasPrefix(".S") }
        return [lines[start]] + rest
    }

    /// The commands that an item introduces: `.It Cm status Op Ar backend`.
    private static func commands(of line: Substring) -> [String] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 2, words[0] == ".It", words[1] == "Cm" else { return [] }
        return [words[2]]
    }

    /// The options that items name: `.It Fl f , Fl -follow` are `-f` and `--follow`.
    static func options(_ lines: [Substring]) -> Set<String> {
        var options: Set<String> = []
        for line in lines where line.hasPrefix(".It ") {
            let words = line.split(separator: " ")
            for (word, next) in zip(words, words.dropFirst()) where word == "Fl" && next != "-" {
                options.insert("-\(next)")
            }
        }
        return options
    }

    /// Whether some macro line has this pair of words: a macro and its argument.
    func mentions(_ macro: String, _ word: String) -> Bool {
        lines.contains { line in
            let words = line.split { $0 == " " || $0 == "," }
            return zip(words, words.dropFirst()).contains { $0.hasSuffix(macro) && $1 == word }
                || (words.first?.hasSuffix(macro) == true || words.starts(with: [".It", Substring(macro)]))
                    && words.contains(Substring(word))
        }
    }
}
