// SPDX-License-Identifier: Apache-2.0

import Testing

/// The machines decide and do nothing else: time and chance come in as arguments.
@Suite struct PurityRuleTests {
    static let forbidden: Set<Substring> = [
        "async", "await", "Task", "TaskGroup", "AsyncStream", "AsyncSequence", "actor", "ContinuousClock",
        "SuspendingClock", "Clock", "clock_gettime", "gettimeofday", "sleep", "Date", "DispatchTime",
        "DispatchQueue", "random", "randomElement", "shuffled", "shuffle", "SystemRandomNumberGenerator", "arc4random",
        "getrandom", "getenv", "CommandLine", "print", "debugPrint", "readLine", "FileHandle", "FileManager", "Thread",
        "Logger", "Mutex",
    ]

    @Test(arguments: ["MCPWire", "Multiplexer", "ToolSearch"])
    func pureTargetsNeitherWaitNorLookNorThrowDice(target: String) {
        for file in SourceTree.target(target) {
            for (number, line) in file.code.lines.enumerated() {
                for word in PurityRuleTests.calls(in: line) where PurityRuleTests.forbidden.contains(word) {
                    Issue.record("\(file.path):\(number + 1) has \(word)")
                }
            }
        }
    }

    /// The words that are not members of something of ours and not declared here: `x.print(…)` and `func print` are.
    static func calls(in line: Substring) -> [Substring] {
        var words: [Substring] = []
        var rest = line
        var before: Substring = ""
        while let start = rest.firstIndex(where: { $0.isLetter || $0 == "_" }) {
            let isMember = start > line.startIndex && line[line.index(before: start)] == "."
            let word = rest[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            rest = rest[word.endIndex...]
            let isName = before == "func" || before == "var" || before == "let" || before == "case"
            let isLabel = rest.first == ":"
            let isAlwaysTelling = ["random", "randomElement", "shuffled", "shuffle"].contains(word)
            if !isName, !isLabel, !isMember || isAlwaysTelling { words.append(word) }
            before = word
        }
        return words
    }

    @Test func theSearchFindsWhatItIsFor() {
        let code = SwiftCode("let x = Int.random(in: 0...1); func f() async {} // Task\nlet s = \"Task\"; a.print(b)")
        let found = code.lines.flatMap(PurityRuleTests.calls).filter(PurityRuleTests.forbidden.contains)
        #expect(found == ["random", "async"])
    }
}
