// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct SourceLinesTests {
    static let text = """
        # idle_timeout = "1h" is not set here
        ignore_env = [
          "idle_timeout",
          "MemoryMax"
        ]
        idle_timeout = "10min"
        server.dotted.share = "user"
        slice_limits = { MemoryMax = "6G", TasksMax = 1 }

        [defaults]
        MemoryHigh = "1G"  # not MemoryMax = 2
        MemoryMax = "4G"

          [ server . "my.server" ]
        command = ["x", "MemoryMax=1"]
        MemoryMax = "2G"
        on_start = [
          { tool = "prepare", bogus = 1 },
        ]

        [server."my.server".repo."/home/u/[a]=b"]  # with a note
        MemoryMax = "3G"

        [server]
        inline = { share = "repo", MemoryMax = "5G" }
        """

    @Test(
        arguments: [
            ("idle_timeout", [], 6), ("ignore_env", [], 2), ("share", ["server", "dotted"], 7),
            ("MemoryMax", ["slice_limits"], 8), ("TasksMax", ["slice_limits"], 8), ("MemoryHigh", ["defaults"], 11),
            ("MemoryMax", ["defaults"], 12), ("command", ["server", "my.server"], 15),
            ("MemoryMax", ["server", "my.server"], 16), ("my.server", ["server"], 14),
            ("MemoryMax", ["server", "my.server", "repo", "/home/u/[a]=b"], 22),
            ("/home/u/[a]=b", ["server", "my.server", "repo"], 21), ("inline", ["server"], 25),
            ("MemoryMax", ["server", "inline"], 25), ("bogus", ["server", "my.server", "on_start"], 18),
        ] as [(String, [String], Int)])
    func aKeyIsFoundWhereItStands(key: String, path: [String], line: Int) {
        #expect(SourceLines(SourceLinesTests.text).line(of: key, in: path) == line)
    }

    @Test func aKeyThatIsNowhereHasNoLine() {
        #expect(SourceLines(SourceLinesTests.text).line(of: "elephants", in: []) == nil)
        #expect(SourceLines("").line(of: "x", in: []) == nil)
    }

    @Test func linesEndAsTheyDoOnOtherSystems() {
        #expect(SourceLines("a = 1\r\n\r\n[t]\r\nb = 2\r\n").line(of: "b", in: ["t"]) == 4)
    }

    @Test func partsOfWordsAndValuesAreNoKeys() {
        let lines = SourceLines("MemoryMaximum = 1\nx = \"MemoryMax\"\nMyMemoryMax = 2\nt = { MemoryMax = 3 }")
        #expect(lines.line(of: "MemoryMax", in: ["t"]) == 4)
    }
}
