// SPDX-License-Identifier: Apache-2.0
import Control
import Testing

@testable import mcpctl

@Suite struct TopModelTests {
    static func model(_ status: StatusReply = TopFixture.status(cpu: 1, calls: 1)) -> TopModel {
        var model = TopModel()
        _ = model.handle(.answered(status, at: 1000))
        return model
    }

    @Test func keysActOnTheChosenBackend() {
        var model = Self.model()
        #expect(model.chosen == "alpha-library")
        #expect(model.handle(.key(.character("h"))) == [.hibernate("alpha-library")])
        #expect(model.handle(.key(.down)) == [])
        #expect(model.handle(.key(.character("w"))) == [.wake("beta-library")])
        #expect(model.handle(.key(.down)) == [])
        #expect(model.chosen == "beta-library")
        #expect(model.handle(.key(.character("q"))) == [.leave])
    }

    @Test func stoppingIsAskedFor() {
        var model = Self.model()
        #expect(model.handle(.key(.character("s"))) == [])
        #expect(model.mode == .confirming("alpha-library"))
        #expect(model.handle(.key(.character("n"))) == [])
        #expect(model.mode == .list)
        _ = model.handle(.key(.character("s")))
        #expect(model.handle(.key(.character("y"))) == [.stop("alpha-library")])
    }

    @Test func withoutBackendsKeysDoNothing() {
        var model = Self.model(TopFixture.status(backends: 0, sessions: 0))
        for key in ["h", "w", "s"] as [Character] { #expect(model.handle(.key(.character(key))) == []) }
        #expect(model.handle(.key(.down)) == [])
        #expect(model.mode == .list)
    }

    @Test func theChoiceOutlivesAnswersAndAQuestionNotItsBackend() {
        var model = Self.model(TopFixture.status(backends: 3, sessions: 0))
        _ = model.handle(.key(.last))
        let chosen = model.chosen
        _ = model.handle(.answered(TopFixture.status(backends: 3, sessions: 0), at: 2000))
        #expect(model.chosen == chosen)
        _ = model.handle(.key(.character("s")))
        _ = model.handle(.answered(TopFixture.status(backends: 1, sessions: 0), at: 3000))
        #expect(model.mode == .list)
        #expect(model.chosen == model.backends.first?.id)
    }

    @Test func theOrderIsChosenAndEqualOnesStandByName() {
        var model = TopModel()
        var status = TopFixture.status(cpu: 1, calls: 1)
        status.backends[1].memory.currentBytes = 1 << 30
        status.backends[1].calls = 0
        _ = model.handle(.answered(status, at: 1000))
        _ = model.handle(.key(.character("m")))
        #expect(model.backends.map(\.id) == ["beta-library", "alpha-library"])
        _ = model.handle(.key(.character("c")))
        #expect(model.backends.map(\.id) == ["alpha-library", "beta-library"])
        status.backends[1].calls = 100
        _ = model.handle(.answered(status, at: 2000))
        _ = model.handle(.key(.character("r")))
        #expect(model.backends.map(\.id) == ["beta-library", "alpha-library"])
        _ = model.handle(.key(.character("n")))
        #expect(model.order == .name)
    }

    @Test func silenceIsShownUntilTheNextAnswer() {
        var model = Self.model()
        _ = model.handle(.silent("no answer: because"))
        #expect(TopScreenTests.lines(model).contains("no answer: because"))
        #expect(TopScreenTests.lines(model).contains { $0.contains("alpha-library") })
        _ = model.handle(.answered(TopFixture.status(cpu: 1, calls: 1), at: 2000))
        #expect(!TopScreenTests.lines(model).contains("no answer: because"))
    }

    @Test func aCounterThatBeganAnewHasNoRate() {
        let first = TopSample(TopFixture.status(cpu: 5, calls: 50), at: 0)
        let second = TopSample(TopFixture.status(cpu: 1, calls: 1), at: 1000, after: first)
        #expect(second.rates["alpha-library"] == TopSample.Rates(cpuPercent: nil, callsPerSecond: nil))
        var other = TopFixture.status(cpu: 6, calls: 51)
        other.backends[0].generation = 9
        let third = TopSample(other, at: 1000, after: first)
        #expect(third.rates["alpha-library"] == TopSample.Rates(cpuPercent: nil, callsPerSecond: 1))
        // An older supervisor tells neither.
        let silent = TopSample(TopFixture.status(cpu: nil, calls: nil), at: 2000, after: third)
        #expect(silent.rates["alpha-library"] == TopSample.Rates())
    }

    @Test func bytesBecomeKeys() {
        var reader = TopKeyReader()
        #expect(reader.keys(from: Array("q\u{1B}[A\u{1B}OBä".utf8)) == [.character("q"), .up, .down, .character("ä")])
        #expect(
            reader.keys(from: Array("\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~\r".utf8)) == [
                .pageUp, .pageDown, .first, .last, .enter,
            ])
        #expect(reader.keys(from: Array("\u{1B}[1;5D".utf8)) == [])
        #expect(reader.keys(from: [0x1B]) == [])
        #expect(reader.isWaiting)
        #expect(reader.keys(from: Array("[".utf8)) == [])
        #expect(reader.keys(from: Array("A".utf8)) == [.up])
        #expect(reader.keys(from: [0x1B]) == [] && reader.pause() == [.escape] && !reader.isWaiting)
        #expect(reader.keys(from: [0xFF, 0x80, UInt8(ascii: "h")]).last == .character("h") || reader.isWaiting)
    }
}
