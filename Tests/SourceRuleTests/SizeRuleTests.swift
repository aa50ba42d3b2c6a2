// SPDX-License-Identifier: Apache-2.0

import Testing

/// Small files with one idea each, functions that fit a screen.
@Suite struct SizeRuleTests {
    @Test func noFileIsOver400Lines() {
        for file in SourceTree.sources + SourceTree.tests {
            #expect(file.lineCount <= 400, "\(file.path) has \(file.lineCount) lines")
        }
    }

    @Test func theMedianFileHasAtMost140Lines() {
        let lengths = SourceTree.sources.map(\.lineCount).sorted()
        #expect(lengths[lengths.count / 2] <= 140)
    }

    @Test func noFunctionIsOver60Lines() {
        for file in SourceTree.sources {
            for body in FunctionBody.all(in: file.code) {
                #expect(body.length <= 60, "\(file.path):\(body.line) has a body of \(body.length) lines")
            }
        }
    }

    @Test func nineFunctionsInTenHaveAtMost25Lines() {
        let lengths = SourceTree.sources.flatMap { FunctionBody.all(in: $0.code).map(\.length) }.sorted()
        #expect(lengths.count > 500)
        #expect(lengths[lengths.count * 9 / 10] <= 25)
    }

    @Test func noFileIsADrawerForAnything() {
        for file in SourceTree.sources + SourceTree.tests {
            for word in ["Util", "Helper", "Manager", "Misc", "Common."] where file.name.contains(word) {
                // systemd itself has a Manager, and that is its name.
                #expect(word == "Manager" && file.path.hasPrefix("Sources/Systemd/"), "\(file.path)")
            }
        }
    }
}
