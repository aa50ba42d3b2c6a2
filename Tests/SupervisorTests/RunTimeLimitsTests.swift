// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

@Suite struct RunTimeLimitsTests {
    var limits = RunTimeLimits()

    static func key(_ repository: String, server: String = "a") -> SharingKey {
        SharingKey(
            server: server, share: .repo, repository: repository, directory: repository, session: "", command: ["x"],
            environment: [])
    }

    let one = LimitsOwner.backend(RunTimeLimitsTests.key("/one"), id: "one")
    let all = LimitsOwner.server("a")

    func of(_ repository: String, server: String = "a") -> Limits {
        limits.of(RunTimeLimitsTests.key(repository, server: server))
    }

    @Test mutating func thoseOfAServerAreThoseOfAllItsBackends() {
        limits.set(Limits(memoryMax: 5, tasksMax: 5), of: all)
        #expect(of("/one") == Limits(memoryMax: 5, tasksMax: 5))
        #expect(of("/one", server: "b") == Limits())
        #expect(limits.of(server: "a") == Limits(memoryMax: 5, tasksMax: 5))
    }

    @Test mutating func theLastWordCounts() {
        limits.set(Limits(memoryMax: 5, tasksMax: 5), of: all)
        limits.set(Limits(tasksMax: 6, cpuWeight: 6), of: one)
        #expect(of("/one") == Limits(memoryMax: 5, tasksMax: 6, cpuWeight: 6))
        #expect(of("/two") == Limits(memoryMax: 5, tasksMax: 5))
        limits.set(Limits(tasksMax: 7), of: all)
        #expect(of("/one") == Limits(memoryMax: 5, tasksMax: 7, cpuWeight: 6))
    }

    @Test mutating func whatWasWrittenIsTheConfigurations() {
        limits.set(Limits(memoryMax: 5, tasksMax: 5), of: one)
        limits.wereWritten(Limits(tasksMax: 6), of: one)
        #expect(of("/one") == Limits(memoryMax: 5))
        limits.set(Limits(memoryMax: 7, cpuWeight: 7), of: all)
        limits.wereWritten(Limits(memoryMax: 8), of: all)
        #expect(of("/one") == Limits(cpuWeight: 7))
    }

    /// It would win over the file.
    @Test mutating func whatWasSetForTheServerDoesNotHideWhatIsWrittenForOneBackend() {
        limits.set(Limits(memoryMax: 5, tasksMax: 5), of: all)
        limits.wereWritten(Limits(tasksMax: 6, cpuWeight: 6), of: one)
        #expect(of("/one") == Limits(memoryMax: 5, tasksMax: 6))
        #expect(of("/two") == Limits(memoryMax: 5, tasksMax: 5))
    }

    @Test mutating func thoseOfTheTotalAreNobodys() {
        limits.set(Limits(memoryMax: 5), of: .total)
        limits.wereWritten(Limits(memoryMax: 5), of: .total)
        #expect(of("/one") == Limits())
    }
}
