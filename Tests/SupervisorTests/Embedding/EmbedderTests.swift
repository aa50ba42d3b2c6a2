// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Posix
import Testing
import ToolSearch

@testable import Supervisor

@Suite struct EmbedderTests {
    @Test func aQueryGetsItsVectorAndTheEncoderStays() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            #expect(await embedder.vector(ofQuery: "12") == EmbedderPlace.vector("12"))
            #expect(await embedder.vector(ofQuery: "1\n2") == EmbedderPlace.vector("1 2"))
            #expect(place.starts == 1)
            #expect(embedder.status == SearchStatus(stage: .engine, engine: place.engine, problem: nil))
            embedder.stop()
        }
    }

    @Test func withoutAnEngineThereIsNoVector() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            let embedder = place.embedder(registry)
            #expect(await embedder.vector(ofQuery: "12") == nil)
            #expect(embedder.encode(documents: 1, of: "s", texts: { _ in ["1"] }, then: { _, _ in }) == nil)
            #expect(embedder.status == SearchStatus(stage: .table, engine: nil, problem: nil))
            #expect(place.starts == 0)
            // One that comes later serves from then on.
            try place.putEngine()
            #expect(await embedder.vector(ofQuery: "12") != nil)
            embedder.stop()
        }
    }

    @Test func aDamagedEngineIsNamedAndItsReplacementServes() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.write(EngineFile.name, "MCPMODEL and not much more than that")
            let embedder = place.embedder(registry)
            #expect(await embedder.vector(ofQuery: "12") == nil)
            #expect(embedder.status.stage.known == .table)
            #expect(embedder.status.problem?.contains("it is not an engine file") == true)
            try place.putEngine()
            #expect(await embedder.vector(ofQuery: "12") == EmbedderPlace.vector("12"))
            #expect(embedder.status.problem == nil)
            embedder.stop()
        }
    }

    @Test func anEncoderThatDiesIsNotStartedAgainForTheSameFile() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            #expect(await embedder.vector(ofQuery: "die") == nil)
            #expect(embedder.status.problem == "mcp-embed: out of luck")
            #expect(await embedder.vector(ofQuery: "12") == nil)
            #expect(place.starts == 1)
            try place.putEngine(model: 2)
            #expect(await embedder.vector(ofQuery: "12") == EmbedderPlace.vector("12"))
            embedder.stop()
        }
    }

    @Test func anEncoderThatIsKilledIsStartedAgainButNotForEver() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            #expect(await embedder.vector(ofQuery: "kill") == nil)
            #expect(embedder.status.stage.known == .engine)
            #expect(await embedder.vector(ofQuery: "12") == EmbedderPlace.vector("12"))
            for _ in 0..<Embedder.patienceWithDeaths { #expect(await embedder.vector(ofQuery: "kill") == nil) }
            #expect(embedder.status.problem == "mcp-embed was killed, 3 times in a row")
            #expect(place.starts == 1 + Embedder.patienceWithDeaths)
        }
    }

    /// Two repositories' servers of one name: what the first computes the second need not, and neither loses it.
    @Test func listsThatComeTogetherAreComputedOnce() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            let lists = [[["1"], ["2"]], [["2"], ["3"]]]
            let computed = await withCheckedContinuation { continuation in
                var jobs: [DocumentJob?] = []
                embedder.documentsDone = { continuation.resume(returning: jobs.map { $0?.computed }) }
                jobs = lists.map { list in
                    embedder.encode(documents: list.count, of: "server", texts: { list[$0] }, then: { _, _ in })
                }
            }
            #expect(computed == [2, 1])
            let later = try #require(
                embedder.encode(documents: 3, of: "server", texts: { ["\($0 + 1)"] }, then: { _, _ in }))
            await withCheckedContinuation { continuation in embedder.documentsDone = { continuation.resume() } }
            #expect(later.computed == 0, "all three are kept")
            embedder.stop()
        }
    }

    /// Descriptors and memory come back: the file need not be replaced.
    @Test(.timeLimit(.minutes(1)), arguments: ["kill", "crowded"])
    func whatPassesIsTriedAgainLater(word: String) async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry, rest: 300)
            for _ in 0..<Embedder.patienceWithDeaths { #expect(await embedder.vector(ofQuery: word) == nil) }
            #expect(embedder.status.problem?.hasSuffix(", 3 times in a row") == true)
            #expect(await embedder.vector(ofQuery: "12") == nil)
            #expect(place.starts == Embedder.patienceWithDeaths)
            // What is waited for is that it serves.
            while await embedder.vector(ofQuery: "12") == nil {}
            #expect(embedder.status.problem == nil)
            embedder.stop()
        }
    }

    /// Its pages and its memory go with it.
    @Test(.timeLimit(.minutes(1))) func anEncoderThatNobodyAsksEnds() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry, idle: 200)
            #expect(await embedder.vector(ofQuery: "12") == EmbedderPlace.vector("12"))
            let encoder = try #require(place.processes.first)
            // What is waited for is its end; what runs on is seen by the limit.
            var patience = 1000
            while ProcessTable.startTime(of: encoder) != nil, patience > 0 {
                await registry.loop.pause(milliseconds: 20)
                patience -= 1
            }
            #expect(patience > 0)
            #expect(embedder.status.stage.known == .engine)
            #expect(await embedder.vector(ofQuery: "34") == EmbedderPlace.vector("34"))
            #expect(place.starts == 2)
            embedder.stop()
        }
    }

    @Test func aQueryDoesNotWaitForAnEncoderThatHangs() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry, patience: 100)
            // The program hangs for as long as nobody ends it: that there is an answer at all is what is tested.
            #expect(await embedder.vector(ofQuery: "hang") == nil)
            #expect(embedder.status == SearchStatus(stage: .engine, engine: place.engine, problem: nil))
            embedder.stop()
        }
    }

    @Test func aProgramThatIsMissingIsNamed() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            Files.remove(place.directory.path + "/mcp-embed")
            #expect(await embedder.vector(ofQuery: "12") == nil)
            #expect(embedder.status.problem?.contains("cannot start") == true)
        }
    }
}

@Suite struct DocumentTests {
    @Test func aDocumentIsTheSumOfItsTextsAndIsComputedOnce() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            let documents = (0..<30).map { ["\($0)", "\($0 + 1)", "7"] }
            let vectors = await embedder.vectors(of: documents)
            for (position, texts) in documents.enumerated() {
                let sum = texts.map(EmbedderPlace.vector).reduce([Float](repeating: 0, count: 384)) {
                    zip($0, $1).map(+)
                }
                #expect(vectors[position] == NarrowVector(sum).wide)
            }
            #expect(place.starts == 1)
            // Another order, one more: it alone is computed, by another embedder.
            let again = await place.embedder(registry).vectors(of: documents.reversed() + [["99"]])
            #expect(again[0] == vectors[29] && again.count == 31)
            #expect(place.starts == 2)
            let known = await place.embedder(registry).vectors(of: documents)
            #expect(known == vectors)
            #expect(place.starts == 2)
        }
    }

    @Test func vectorsOfAnotherModelAreNotUsed() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            _ = await place.embedder(registry).vectors(of: [["1"]])
            try place.putEngine(model: 2)
            _ = await place.embedder(registry).vectors(of: [["1"]])
            #expect(place.starts == 2)
        }
    }

    @Test func aDamagedFileIsDroppedAndMadeAnew() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let vectors = await place.embedder(registry).vectors(of: [["1"], ["2"]])
            let path = VectorStore(directory: place.directory.path + "/vectors", log: registry.log).path(of: "server")
            var bytes = try Files.read(path)
            bytes[100] ^= 1
            try Files.replace(path, with: bytes)
            #expect(await place.embedder(registry).vectors(of: [["1"], ["2"]]) == vectors)
            #expect(place.starts == 2)
            #expect(VectorFile(try Files.read(path))?.entries.count == 2)
        }
    }

    @Test func aFileThatCannotBeReadNowIsLeftAlone() async throws {
        try await withStage { _, registry, _ in
            let place = try TemporaryDirectory()
            let store = VectorStore(directory: place.path, log: registry.log)
            // Reading a directory fails, whoever reads; the link to it could be removed.
            try FileManager.default.createSymbolicLink(
                atPath: store.path(of: "server"), withDestinationPath: place.path)
            #expect(store.load("server").entries.isEmpty)
            #expect(Files.identity(store.path(of: "server")) != nil)
        }
    }

    @Test func aJobThatIsDoneHoldsNoVectors() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            _ = await embedder.vectors(of: [["1"], ["2"]])
            let held = await withCheckedContinuation { continuation in
                let job = embedder.encode(documents: 1, of: "server", texts: { _ in ["3"] }, then: { _, _ in })
                embedder.documentsDone = { continuation.resume(returning: job?.kept.entries.count) }
            }
            #expect(held == 0)
            let store = VectorStore(directory: place.directory.path + "/vectors", log: registry.log)
            #expect(store.load("server").entries.count == 3)
        }
    }

    @Test func aCancelledJobDeliversNothingMore() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            let cancelled = embedder.encode(documents: 50, of: "server", texts: { ["\($0)"] }) { _, _ in
                Issue.record("delivered")
            }
            cancelled?.cancel()
            #expect(await embedder.vectors(of: [["5"]]).count == 1)
        }
    }

    @Test func anEncoderThatDiesCostsTheRestOfTheListOnly() async throws {
        try await withStage { _, registry, _ in
            let place = try EmbedderPlace()
            try place.putEngine()
            let embedder = place.embedder(registry)
            let vectors = await embedder.vectors(of: [["1"], ["2"], ["3"], ["die"], ["4"]])
            #expect(vectors.keys.sorted() == [0, 1, 2])
        }
    }
}
