// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Posix

@Suite struct PollerTests {
    @Test func onlyWhatIsReadyIsReported() throws {
        var poller = try Poller()
        let quiet = try makePipe()
        let busy = try makePipe()
        try poller.add(quiet.reading.raw, token: 1, .readable)
        try poller.add(busy.reading.raw, token: UInt64.max, .readable)
        #expect(poller.collect() == 0)
        put("x", into: busy.writing.raw)
        #expect(poller.collect() == 1)
        #expect(poller.event(0).token == UInt64.max)
        #expect(poller.event(0).readiness == .readable)
    }

    @Test func readinessStaysUntilItIsUsed() throws {
        var poller = try Poller()
        let pipe = try makePipe()
        try poller.add(pipe.reading.raw, token: 1, .readable)
        put("x", into: pipe.writing.raw)
        #expect(poller.collect() == 1)
        #expect(poller.collect() == 1)
        _ = take(1, from: pipe.reading.raw)
        #expect(poller.collect() == 0)
    }

    @Test func whatItIsWatchedForCanChange() throws {
        var poller = try Poller()
        let pipe = try makePipe()
        try poller.add(pipe.writing.raw, token: 1, [])
        #expect(poller.collect() == 0)
        try poller.modify(pipe.writing.raw, token: 2, .writable)
        #expect(poller.collect() == 1)
        #expect(poller.event(0).token == 2)
        #expect(poller.event(0).readiness == .writable)
        poller.remove(pipe.writing.raw)
        #expect(poller.collect() == 0)
        poller.remove(pipe.writing.raw)
    }

    @Test func anEndIsReportedUnasked() throws {
        var poller = try Poller()
        let pair = socketPair()
        let ours = Descriptor(owning: pair.0)
        let theirs = Descriptor(owning: pair.1)
        try poller.add(ours.raw, token: 1, [])
        close(theirs.release())
        #expect(poller.collect() == 1)
        #expect(poller.event(0).readiness.contains(.hangup))
    }

    @Test func manyAreReportedInBatches() throws {
        var poller = try Poller()
        var ends: [Int32] = []
        for token in 0..<(Poller.batch + 10) {
            let pipe = try makePipe()
            put("x", into: pipe.writing.raw)
            let end = try pipe.reading.duplicate()
            try poller.add(end.raw, token: UInt64(token), .readable)
            ends.append(end.release())
        }
        #expect(poller.collect() == Poller.batch)
        var seen: Set<UInt64> = []
        while true {
            let count = poller.collect()
            if count == 0 { break }
            for index in 0..<count {
                let token = poller.event(index).token
                seen.insert(token)
                poller.remove(ends[Int(token)])
            }
        }
        #expect(seen.count == ends.count)
        for end in ends { close(end) }
    }

    @Test func whatCannotBeWatchedIsAnError() throws {
        let poller = try Poller()
        #expect(throws: PosixError.self) { try poller.add(-1, token: 1, .readable) }
        let file = try openFile("/proc/self/stat", flags: O_RDONLY)
        _ = file
        let plain = try openFile("/etc/passwd", flags: O_RDONLY)
        let error = #expect(throws: PosixError.self) { try poller.add(plain.raw, token: 1, .readable) }
        #expect(error?.code == EPERM)
    }

    @Test func itsOwnDescriptorTellsOfABatch() throws {
        let inner = try Poller()
        var outer = try Poller()
        let pipe = try makePipe()
        try inner.add(pipe.reading.raw, token: 1, .readable)
        try outer.add(inner.descriptor, token: 2, .readable)
        #expect(outer.collect() == 0)
        put("x", into: pipe.writing.raw)
        #expect(outer.collect() == 1)
    }
}
