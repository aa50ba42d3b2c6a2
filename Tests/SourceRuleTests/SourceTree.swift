// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The package's own files, found from this one.
enum SourceTree {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Every Swift file of the programs and libraries.
    static let sources = texts.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") }
    static let tests = texts.filter { $0.path.hasPrefix("Tests/") && $0.path.hasSuffix(".swift") }

    /// Every text file of the package, whoever wrote it: what would be in a checkout.
    static let texts: [SourceFile] = {
        guard let all = FileManager.default.enumerator(atPath: root) else { return [] }
        var files: [SourceFile] = []
        while let path = all.nextObject() as? String {
            if skipped.contains((path as NSString).lastPathComponent) {
                all.skipDescendants()
            } else if let file = SourceFile(path) {
                files.append(file)
            }
        }
        return files.sorted { $0.path < $1.path }
    }()

    /// The files of one target below Sources.
    static func target(_ name: String) -> [SourceFile] { sources.filter { $0.path.hasPrefix("Sources/\(name)/") } }

    /// What a build leaves behind, and what belongs to tools.
    private static let skipped: Set<String> = [
        ".build", ".git", ".swiftpm", ".venvs", ".cache", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache",
        ".vscode", ".idea",
        "Package.resolved",
    ]
}

/// One file of the package.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// Below the package's root.
    let path: String
    let text: String
    let lines: [Substring]
    /// Of a Swift file.
    let code: SwiftCode

    /// `nil` when it is no text: a directory, a picture.
    init?(_ path: String) {
        guard let data = FileManager.default.contents(atPath: "\(SourceTree.root)/\(path)"),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = SwiftCode(path.hasSuffix(".swift") ? text : "")
    }

    var testDescription: String { path }
    var name: String { (path as NSString).lastPathComponent }
    /// As `wc -l` counts.
    var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

    /// The modules that it imports, and how.
    var imports: [String] {
        code.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
            let module = kinds.contains(words[place + 1]) ? words.last : words[place + 1]
            return module?.split(separator: ".").first.map(String.init)
        }
    }
}
