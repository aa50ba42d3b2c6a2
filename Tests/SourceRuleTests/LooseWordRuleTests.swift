// SPDX-License-Identifier: Apache-2.0

import Testing

/// What turns the compiler's checks off, and what nobody came back to.
@Suite struct LooseWordRuleTests {
    /// Outside of these folders and files nothing is unsafe.
    static let unsafePlaces: [(path: String, reason: String)] = [
        ("Sources/Posix/", "system calls take pointers"),
        ("Sources/Systemd/", "so does libsystemd"),
        ("Sources/CPosix/", "C"),
        ("Sources/Embedding/", "weights are read where they are mapped"),
        ("Sources/ToolSearch/Table/", "the table is read where it is mapped, and compared in wide steps"),
        ("Sources/MCPWire/WideLoads.swift", "eight bytes in one load, for the scanner"),
        ("Sources/Supervisor/MetaTools/SearchTable.swift", "the table lies in a mapped file"),
        ("Sources/Supervisor/Daemon/Supervisor.swift", "an actor's executor is named unowned"),
    ]

    @Test func nothingTurnsAnErrorIntoACrash() {
        for file in SourceTree.sources {
            for (number, line) in file.code.lines.enumerated() {
                for word in ["try!", "as!", "fatalError(", "preconditionFailure(", "unsafeBitCast", "@unchecked"] {
                    #expect(!line.contains(word), "\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        for file in SourceTree.sources + SourceTree.tests where file.name != "LooseWordRuleTests.swift" {
            for (number, line) in file.lines.enumerated() {
                for word in ["TODO", "FIXME", "XXX", "HACK"] {
                    #expect(!line.contains(word + ":") && !line.contains("// " + word), "\(file.path):\(number + 1)")
                }
            }
        }
    }

    @Test func whatIsUnsafeStandsInItsPlace() {
        for file in SourceTree.sources {
            guard !LooseWordRuleTests.unsafePlaces.contains(where: { file.path.hasPrefix($0.path) }) else { continue }
            #expect(!file.code.words.contains("unsafe"), "\(file.path)")
        }
    }

    @Test func theListOfUnsafePlacesIsNotLongerThanItMustBe() {
        for (path, _) in LooseWordRuleTests.unsafePlaces where path.hasSuffix(".swift") {
            let file = SourceTree.sources.first { $0.path == path }
            #expect(file?.code.words.contains("unsafe") == true, "\(path) needs no exception")
        }
    }

    /// Whether the word stands in the line, and not as the end of another.
    private static func begins(_ code: Substring, with word: String) -> Bool {
        code.ranges(of: word).contains { range in
            guard range.lowerBound > code.startIndex else { return true }
            let before = code[code.index(before: range.lowerBound)]
            return !before.isLetter && !before.isNumber && before != "_"
        }
    }

    /// What runs by itself says why on the line above, or on its own.
    @Test func everyUnstructuredTaskSaysWhy() {
        for file in SourceTree.sources {
            let lines = file.lines
            for (number, code) in file.code.lines.enumerated() {
                let starts = ["Task {", "Task(", "Task.detached", "Task.immediate"]
                guard starts.contains(where: { Self.begins(code, with: $0) }) else { continue }
                let above = number > 0 ? lines[number - 1].drop { $0 == " " } : ""
                #expect(
                    above.hasPrefix("//") || lines[number].contains("//"), "\(file.path):\(number + 1) does not say why"
                )
            }
        }
    }

    /// See `Registry.inBackground`: with a capture list Swift 6.3.1 runs the step on another thread.
    @Test func noBackgroundStepHasACaptureList() {
        for file in SourceTree.sources {
            for (number, line) in file.code.lines.enumerated() {
                #expect(!line.contains("inBackground { ["), "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func everyFileNamesItsLicenceFirst() {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(file.lines.first == "// SPDX-License-Identifier: Apache-2.0", "\(file.path)")
        }
    }

    @Test func everyTestIsASentenceWithoutAPrefix() {
        for file in SourceTree.tests {
            for (number, line) in file.code.lines.enumerated() {
                #expect(!line.contains("func test"), "\(file.path):\(number + 1)")
            }
        }
    }
}
