// SPDX-License-Identifier: Apache-2.0

import Foundation
import Systemd
import Testing

@Suite struct EventLoopTests {
    @Test func anActorRunsOnTheLoopsThread() async throws {
        try await withResident { resident in
            #expect(!resident.loop.isOnLoop)
            #expect(await resident.perform { $0.loop.isOnLoop })
        }
    }

    @Test func aJobEnqueuedFromManyThreadsRunsOnceEach() async throws {
        try await withResident { resident in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<1000 { group.addTask { await resident.note("\(index)") } }
            }
            #expect(Set(await resident.seen).count == 1000)
        }
    }

    @Test func timersFireInTheOrderOfTheirTimesAndCanBeRearmed() async throws {
        try await withResident { resident in
            try await resident.perform { resident in
                let late = try resident.loop.timer(afterMicroseconds: 2_000_000, accuracyMicroseconds: 1) {
                    resident.assumeIsolated { $0.seen.append("late") }
                }
                let early = try resident.loop.timer(afterMicroseconds: 1000, accuracyMicroseconds: 1) {
                    resident.assumeIsolated { resident in
                        resident.seen.append("early")
                        if resident.seen.count == 1 { try? resident.sources[1].rearm(afterMicroseconds: 1000) }
                    }
                }
                resident.sources = [late, early]
            }
            #expect(await eventually(resident) { $0.seen == ["early", "early", "late"] })
        }
    }

    @Test func aDisarmedTimerDoesNotFire() async throws {
        try await withResident { resident in
            try await resident.perform { resident in
                let silent = try resident.loop.timer(afterMicroseconds: 1000) {
                    resident.assumeIsolated { $0.seen.append("silent") }
                }
                try silent.disarm()
                let loud = try resident.loop.timer(afterMicroseconds: 5000) {
                    resident.assumeIsolated { $0.seen.append("loud") }
                }
                resident.sources = [silent, loud]
            }
            #expect(await eventually(resident) { $0.seen == ["loud"] })
        }
    }

    @Test func aSourceMayEndItselfInItsOwnHandler() async throws {
        try await withResident { resident in
            let pipe = Pipe()
            let reading = pipe.fileHandleForReading.fileDescriptor
            try await resident.perform { resident in
                resident.sources = [
                    try resident.loop.watch(reading, .readable) { events in
                        resident.assumeIsolated { resident in
                            resident.seen.append("events \(events.rawValue)")
                            resident.sources.removeAll()
                        }
                    }
                ]
            }
            try pipe.fileHandleForWriting.write(contentsOf: Data("ab".utf8))
            #expect(await eventually(resident) { $0.seen == ["events 1"] && $0.sources.isEmpty })
            try pipe.fileHandleForWriting.write(contentsOf: Data("c".utf8))
            #expect(await resident.seen.count == 1)
            try pipe.fileHandleForReading.close()
        }
    }

    @Test func aHangUpIsReportedWithTheLastBytes() async throws {
        try await withResident { resident in
            let pipe = Pipe()
            let reading = pipe.fileHandleForReading.fileDescriptor
            try pipe.fileHandleForWriting.write(contentsOf: Data("x".utf8))
            try pipe.fileHandleForWriting.close()
            try await resident.perform { resident in
                resident.keep(
                    try resident.loop.watch(reading, .readable) { events in
                        resident.assumeIsolated { resident in
                            resident.seen.append(events.contains([.readable, .hangUp]) ? "both" : "other")
                            resident.sources.first?.cancel()
                        }
                    })
            }
            #expect(await eventually(resident) { $0.seen == ["both"] })
        }
    }

    @Test func anUnpollableDescriptorIsRefusedWithItsNumber() async throws {
        try await withResident { resident in
            let handle = try #require(FileHandle(forReadingAtPath: "/proc/self/exe"))
            let file = handle.fileDescriptor
            let error = await resident.perform { resident -> SystemdError? in
                do throws(SystemdError) {
                    resident.keep(try resident.loop.watch(file, .readable) { _ in })
                    return nil
                } catch { return error }
            }
            #expect(error?.description == "cannot watch descriptor \(file): Operation not permitted")
            try handle.close()
        }
    }

    @Test func aSignalReachesItsHandler() async throws {
        try await withResident { resident in
            try await resident.perform { resident in
                resident.keep(
                    try resident.loop.onSignal(SIGUSR2) { resident.assumeIsolated { $0.seen.append("usr2") } })
                // To the loop's own thread: the test runner's threads do not block it.
                #expect(pthread_kill(pthread_self(), SIGUSR2) == 0)
            }
            #expect(await eventually(resident) { $0.seen == ["usr2"] })
        }
    }

    @Test func handlersAfterDispatchRunBeforeTheLoopWaits() async throws {
        try await withResident { resident in
            await resident.perform { resident in
                resident.loop.afterDispatch { resident.assumeIsolated { $0.seen.append("after") } }
                resident.seen.append("during")
            }
            #expect(await eventually(resident) { $0.seen == ["during", "after"] })
        }
    }

    @Test func aTaskThatPrefersTheLoopNeverLeavesIt() async throws {
        try await withResident { resident in
            let loop = resident.loop
            let task = Task(executorPreference: loop) {
                var places = [loop.isOnLoop]
                await withCheckedContinuation { continuation in
                    loop.afterDispatch { continuation.resume() }
                    places.append(loop.isOnLoop)
                }
                places.append(loop.isOnLoop)
                await resident.note("between")
                places.append(loop.isOnLoop)
                return places
            }
            #expect(await task.value == [true, true, true, true])
        }
    }

    @Test func sleepingTakesItsTimeAndComesBackToTheLoop() async throws {
        try await withResident { resident in
            let elapsed = try await resident.perform { resident in
                let start = resident.loop.nowMicroseconds
                try await resident.loop.sleep(for: .milliseconds(5))
                return resident.loop.nowMicroseconds - start
            }
            #expect(elapsed >= 5000)
        }
    }
}
