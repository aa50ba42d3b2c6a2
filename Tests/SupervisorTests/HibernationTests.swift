// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct HibernationTests {
    typealias Event = Hibernation.Event

    /// Runs events through a machine; its last phase and every order.
    private func after(_ events: Event...) -> (Hibernation.Phase, [Hibernation.Order]) {
        var machine = Hibernation()
        let orders = events.flatMap { machine.handle($0) }
        return (machine.phase, orders)
    }

    @Test func itIsFrozenThenReclaimedThenThawed() {
        #expect(after(.sleepAsked, .frozen) == (.asleep, [.freeze, .reclaim]))
        #expect(after(.sleepAsked, .frozen, .needed) == (.thawing, [.freeze, .reclaim, .thaw]))
        #expect(after(.sleepAsked, .frozen, .needed, .thawed) == (.awake, [.freeze, .reclaim, .thaw]))
    }

    @Test func whatComesWhileItIsBeingFrozenWins() {
        #expect(after(.sleepAsked, .needed) == (.freezing(unwanted: true), [.freeze]))
        #expect(after(.sleepAsked, .needed, .needed, .frozen) == (.thawing, [.freeze, .thaw]))
    }

    @Test func halfAFreezeIsUndone() {
        #expect(after(.sleepAsked, .freezeFailed) == (.thawing, [.freeze, .thaw]))
    }

    @Test func whatCannotBeThawedIsKilled() {
        #expect(after(.sleepAsked, .frozen, .needed, .thawFailed) == (.thawing, [.freeze, .reclaim, .thaw, .kill]))
        #expect(after(.sleepAsked, .frozen, .needed, .thawFailed, .ended).0 == .awake)
    }

    @Test func oneThatIsAwakeNeedsNothing() {
        #expect(after(.needed, .thawed, .frozen, .freezeFailed) == (.awake, []))
    }

    @Test func askingTwiceFreezesOnce() {
        #expect(after(.sleepAsked, .sleepAsked, .frozen, .sleepAsked) == (.asleep, [.freeze, .reclaim]))
    }

    @Test func deathEndsEverySleep() {
        #expect(after(.sleepAsked, .ended).0 == .awake)
        #expect(after(.sleepAsked, .ended, .frozen) == (.awake, [.freeze]))
    }

    @Test func whereNothingCanBeReclaimedToIsSaid() {
        func room(_ total: Int, _ free: Int, _ limit: Int64?) -> String? {
            SwapRoom(meminfo: "MemTotal: 9 kB\nSwapTotal: \(total) kB\nSwapFree: \(free) kB\n", limit: limit)
                .shortcoming
        }
        #expect(room(0, 0, nil)?.contains("no swap") == true)
        #expect(room(4096, 4096, 0)?.contains("MemorySwapMax=0") == true)
        #expect(room(4096, 8, nil)?.contains("full") == true)
        #expect(room(4096, 4096, nil) == nil)
    }
}
