// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Testing

@testable import Supervisor

/// What `mcpctl limits --persist` writes is what a start reads.
@Suite struct LimitsFileTests {
    let place: TemporaryDirectory
    let files: ConfigurationFiles

    init() throws {
        place = try TemporaryDirectory()
        _ = try place.directory("mcp-supervisor/config.d")
        files = ConfigurationFiles(named: nil, configurationHome: place.path)
    }

    func persist(_ limits: Limits, _ path: [String]) throws {
        var file = try LimitsFile(reading: files.limitsFile)
        file.set(limits, at: path)
        try Files.replace(files.limitsFile, with: Array(file.text.utf8))
    }

    static let all = Limits(memoryHigh: 1, memoryMax: 1 << 40, memorySwapMax: 0, tasksMax: 7, cpuWeight: 10_000)
    static let unlimited = Limits(memoryHigh: -1, memoryMax: -1, memorySwapMax: -1, tasksMax: -1)

    @Test(arguments: [all, unlimited, Limits(memoryMax: 5)])
    func limitsSurviveTheRoundTrip(limits: Limits) throws {
        try persist(limits, ["slice_limits"])
        try persist(limits, ["server", "serena"])
        let read = try files.read()
        #expect(read.sliceLimits == limits)
        #expect(read.servers["serena"]?.limits == limits)
    }

    @Test(arguments: [
        "/home/u/library", "/home/u/my.library", "/with \"quotes\" and 'more'", "/back\\slash", "/sp ace/[x]", "/ü/日本",
        "/tab\tnewline\n", "", "/a=b#c",
    ])
    func anyPathIsAKey(repository: String) throws {
        try persist(LimitsFileTests.all, ["server", "my.server", "repo", repository])
        let read = try files.read()
        #expect(read.servers["my.server"]?.repositories[repository]?.limits == LimitsFileTests.all)
        #expect(read.servers.count == 1)
        #expect(read.effective(server: "my.server", repository: repository).limits == LimitsFileTests.all)
    }

    @Test func whatWasWrittenBeforeStays() throws {
        try persist(Limits(memoryMax: 1 << 30), ["server", "a"])
        try persist(Limits(tasksMax: 9), ["server", "a"])
        try persist(Limits(memoryMax: 2 << 30), ["server", "a", "repo", "/x"])
        try persist(Limits(memoryMax: 3 << 30), ["server", "b"])
        try persist(Limits(memoryMax: 4 << 30), ["server", "a"])
        let read = try files.read()
        #expect(read.servers["a"]?.limits == Limits(memoryMax: 4 << 30, tasksMax: 9))
        #expect(read.servers["a"]?.repositories["/x"]?.limits == Limits(memoryMax: 2 << 30))
        #expect(read.servers["b"]?.limits == Limits(memoryMax: 3 << 30))
    }

    @Test func whatPeopleAddedByHandStays() throws {
        try place.file("mcp-supervisor/config.d/90-limits.toml", "idle_timeout = 7\n[server.a]\nshare = \"user\"\n")
        try persist(Limits(memoryMax: 1), ["server", "a"])
        let read = try files.read()
        #expect(read.idleTimeout == 7000)
        #expect(read.servers["a"]?.share == .user)
        #expect(read.servers["a"]?.limits.memoryMax == 1)
    }

    @Test func aFileThatIsNotTOMLIsNotOverwritten() throws {
        let path = try place.file("mcp-supervisor/config.d/90-limits.toml", "not TOML")
        #expect(throws: ConfigurationError.self) { try persist(LimitsFileTests.all, ["slice_limits"]) }
        #expect(Files.text(path) == "not TOML")
    }

    @Test func aFileThatCannotBeReadIsNotOverwritten() throws {
        _ = try place.directory("mcp-supervisor/config.d/90-limits.toml")
        #expect(throws: ConfigurationError.self) { try LimitsFile(reading: files.limitsFile) }
    }
}
