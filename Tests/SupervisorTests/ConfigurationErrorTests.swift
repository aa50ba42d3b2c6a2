// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

/// What is wrong with a file is said with file, line, and what would be right.
@Suite struct ConfigurationErrorTests {
    func error(_ text: String) -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) {
            var configuration = Configuration()
            try configuration.add(ConfigurationTable(file: "x.toml", text: text))
        }
    }

    @Test(arguments: [
        ("\nidle_timout = 1", 2, "did you mean idle_timeout?"),
        ("[defaults]\nmemorymax = 1", 2, "unknown key memorymax in [defaults]; did you mean MemoryMax?"),
        ("slice_limits = { MemoryMx = 1 }", 1, "in [slice_limits]; did you mean MemoryMax?"),
        ("[server.a]\n\ncomand = []", 3, "in [server.a]; did you mean command?"),
        ("server.a.comand = []", 1, "did you mean command?"),
        ("[server.a.repo.\"/x\"]\nshare = \"repo\"", 2, "unknown key share in [server.a.repo./x]"),
        ("elephants = 1", 1, "known: idle_timeout, hibernate_after"),
    ])
    func anUnknownKeyIsRefusedWithTheNearest(text: String, line: Int, words: String) {
        let error = error(text)
        #expect(error?.file == "x.toml")
        #expect(error?.line == line)
        #expect(error?.reason.contains(words) == true, "\(error as Any)")
    }

    @Test(arguments: [
        ("idle_timeout = true", 1), ("idle_timeout = \"soon\"", 1), ("idle_timeout = -1", 1), ("idle_timeout = []", 1),
        ("idle_timeout = 1.5", 1), ("idle_timeout = 9223372036854775807", 1),
        ("start_timeout = 0", 1), ("output_timeout = \"0s\"", 1), ("backend_requests_max = 0", 1),
        ("max_message_to_client = 1", 1), ("[max_message_to_client]\nx = 10", 2), ("ignore_env = \"X\"", 1),
        ("ignore_env = [1]", 1), ("ignore_env = [\"a\", [\"b\"]]", 1), ("defaults = 1", 1),
        ("server = []", 1), ("[server]\na = 1", 2), ("[[server.a]]", 1),
        ("[defaults]\nMemoryMax = \"1 gigabyte\"", 2), ("[defaults]\nMemoryMax = -1", 2),
        ("[defaults]\nMemoryMax = 0", 2), ("[defaults]\nMemoryMax = true", 2), ("[defaults]\nMemoryMax = 1.5", 2),
        ("[defaults]\nMemoryMax = \"99999.5P\"", 2), ("[defaults]\nMemoryMax = \"50%\"", 2),
        ("[defaults]\nTasksMax = 0", 2), ("[defaults]\nTasksMax = \"1.5\"", 2),
        ("[defaults]\nCPUWeight = 10001", 2), ("[defaults]\nCPUWeight = \"infinity\"", 2),
        ("[server.a]\ncommand = \"serena\"", 2), ("[server.a]\ncommand = []", 2), ("[server.a]\nshare = \"all\"", 2),
        ("[server.a]\nera = \"Legacy\"", 2), ("[server.a]\non_start = \"x\"", 2), ("[server.a]\non_start = [1]", 2),
        ("[server.a]\non_start = [{ arguments = {} }]", 2), ("[server.a]\non_start = [{ tool = \"x\", a = 1 }]", 2),
        ("[server.a]\non_start = [{ tool = \"x\", arguments = \"{}\" }]", 2), ("[server.a]\nrepo = \"/x\"", 2),
        ("[server.a.repo]\n\"/x\" = 1", 2),
    ])
    func anImpossibleValueIsRefusedWhereItStands(text: String, line: Int) {
        let error = error(text)
        #expect(error?.line == line, "\(error as Any)")
    }

    @Test(arguments: [("x = ", 1), ("a = 1\na = 2", 2), ("[t\n", 1), ("\n\nnonsense", 3), ("a = \"\\q\"", 1)])
    func whatIsNotTOMLIsRefusedWhereItStands(text: String, line: Int) {
        let error = error(text)
        #expect(error?.line == line)
        #expect(error?.reason.hasPrefix("not TOML: ") == true)
    }

    @Test func wordsAreNamedWhereOneOfThemMustStand() {
        #expect(error("[server.a]\nshare = \"all\"")?.reason.contains("repo, user, session") == true)
        #expect(error("[server.a]\nera = \"new\"")?.reason.contains("legacy, auto, modern") == true)
    }

    @Test func theTextNamesFileAndLine() {
        #expect("\(ConfigurationError(file: "/c.toml", line: 7, reason: "why"))" == "/c.toml:7: why")
        #expect("\(ConfigurationError(file: "/c.toml", line: nil, reason: "why"))" == "/c.toml: why")
    }
}
