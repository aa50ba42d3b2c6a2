// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

@Suite struct JobTableTests {
    /// Collects outcomes; a class, because the table keeps the handler.
    private final class Outcomes {
        var list: [JobTable.Outcome] = []
    }

    @Test func aJobThatEndsAfterItsAnswerIsReportedOnce() {
        let outcomes = Outcomes()
        var table = JobTable()
        table.callSent()
        table.callAnswered("/job/1")
        table.wait("/job/1") { outcomes.list.append($0) }
        table.ended("/job/2", result: "done")
        #expect(outcomes.list.isEmpty)
        table.ended("/job/1", result: "done")
        table.ended("/job/1", result: "failed")
        #expect(outcomes.list == [.ended("done")])
    }

    @Test func aJobThatEndsBetweenAnswerAndWaitIsReportedAtOnce() {
        let outcomes = Outcomes()
        var table = JobTable()
        table.callSent()
        table.callAnswered("/job/1")
        table.ended("/job/1", result: "failed")
        table.wait("/job/1") { outcomes.list.append($0) }
        #expect(outcomes.list == [.ended("failed")])
    }

    @Test func aJobThatEndsBeforeItsAnswerIsRemembered() {
        let outcomes = Outcomes()
        var table = JobTable()
        table.callSent()
        table.ended("/job/1", result: "done")
        table.callAnswered("/job/1")
        table.wait("/job/1") { outcomes.list.append($0) }
        #expect(outcomes.list == [.ended("done")])
    }

    @Test func jobsOfOthersAreForgottenWhenNothingIsUnanswered() {
        let outcomes = Outcomes()
        var table = JobTable()
        table.ended("/job/1", result: "done")
        table.callSent()
        table.ended("/job/2", result: "done")
        table.callAnswered(nil)
        table.callSent()
        table.callAnswered("/job/2")
        table.wait("/job/2") { outcomes.list.append($0) }
        #expect(outcomes.list.isEmpty)
    }

    @Test func aTimeoutEndsTheWaitAndALaterEndIsIgnored() {
        let outcomes = Outcomes()
        var table = JobTable()
        table.callSent()
        table.callAnswered("/job/1")
        table.wait("/job/1") { outcomes.list.append($0) }
        table.timedOut("/job/1")
        table.ended("/job/1", result: "done")
        table.timedOut("/job/1")
        #expect(outcomes.list == [.timedOut])
    }

    @Test func aLostConnectionEndsEveryWait() {
        let outcomes = Outcomes()
        var table = JobTable()
        for path in ["/job/1", "/job/2"] {
            table.callSent()
            table.callAnswered(path)
        }
        table.wait("/job/1") { outcomes.list.append($0) }
        table.disconnect()
        table.wait("/job/2") { outcomes.list.append($0) }
        #expect(outcomes.list == [.disconnected, .disconnected])
    }
}
