// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

/// What a successor is told of a backend's past.
@Suite struct SuccessionTests {
    private func loop(until deaths: Int) -> (BackendLifecycle, now: Int64) {
        var lifecycle = BackendLifecycle(startTimeout: 60_000, stopTimeout: 5_000)
        var now: Int64 = 1_000
        for death in 0..<deaths {
            if death > 0 { _ = lifecycle.handle(.timer(.rest), now: now) }
            _ = lifecycle.handle(.needed, now: now)
            _ = lifecycle.handle(.handshakeDone, now: now)
            now += 10
            _ = lifecycle.handle(.ended, now: now)
            now += 5_000
        }
        return (lifecycle, now)
    }

    @Test func deathsCountOn() {
        let (old, now) = loop(until: 4)
        var new = BackendLifecycle(startTimeout: 60_000, stopTimeout: 5_000)
        #expect(new.adopt(old.policy, nil, now: now).isEmpty)
        #expect(new.adopt(readySince: now).isEmpty)
        let orders = new.handle(.ended, now: now + 10)
        #expect(orders.contains(.reportEnd(mayReturn: false)), "the fifth death is a crash loop")
        guard case .failed = new.phase else { return #expect(Bool(false), "\(new.phase)") }
    }

    @Test func aGoodRunCountsFromItsOwnBeginning() {
        let (old, now) = loop(until: 3)
        var new = BackendLifecycle(startTimeout: 60_000, stopTimeout: 5_000)
        _ = new.adopt(old.policy, nil, now: now)
        _ = new.adopt(readySince: now - RestartPolicy.goodRun)
        let orders = new.handle(.ended, now: now)
        #expect(orders.contains(.arm(.rest, milliseconds: RestartPolicy.shortestDelay)))
    }

    @Test func aPauseEndsWhenItWasToEnd() {
        var new = BackendLifecycle(startTimeout: 60_000, stopTimeout: 5_000)
        let orders = new.adopt(RestartPolicy(), .resting(until: 5_000, again: true), now: 4_200)
        #expect(orders == [.arm(.rest, milliseconds: 800)])
        #expect(new.handle(.timer(.rest), now: 5_000).contains(.launch))
    }

    @Test func aCrashLoopIsRefusedUntilItsTime() {
        var new = BackendLifecycle(startTimeout: 60_000, stopTimeout: 5_000)
        #expect(new.adopt(RestartPolicy(), .failed(until: 5_000), now: 4_200).isEmpty)
        #expect(new.handle(.needed, now: 4_999) == [.refuse])
        #expect(new.handle(.needed, now: 5_000).contains(.launch))
    }

    @Test(arguments: [nil, "/home/me/a b", "/ü:@7:"], [nil, "{\"v\":1}", "meta=on;{}"])
    func whatTheShimKeepsComesBack(place: String?, machine: String?) {
        let identity = Identity(high: 1, low: .max)
        let resume = SessionResume(identity: identity, machine: machine.map { Array($0.utf8) }, place: place)
        let again = SessionResume(resume.text)
        #expect(again?.identity == identity && again?.place == place)
        #expect(again?.machine.map { String(decoding: $0, as: UTF8.self) } == machine)
    }

    @Test(arguments: ["@", "@9", "@9:/a", "@-1:/a", "@x:/a{}"])
    func aPlaceThatIsNoneIsIgnored(rest: String) {
        #expect(SessionResume("\(Identity(high: 1, low: 2))\(rest)")?.place == nil)
    }

    @MainActor @Test func aUnitIsChangedByOneAtATime() async {
        let changes = UnitChanges()
        var order: [String] = []
        await changes.begin("a")
        let second = Task { @MainActor in
            order.append("asked")
            await changes.begin("a")
            order.append("second")
            changes.end("a")
        }
        while order.isEmpty { await Task.yield() }
        await changes.begin("b")
        order.append("another unit")
        changes.end("b")
        order.append("first")
        changes.end("a")
        await second.value
        #expect(order == ["asked", "another unit", "first", "second"])
    }
}
