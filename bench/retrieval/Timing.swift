// SPDX-License-Identifier: Apache-2.0

import Posix
import ToolSearch

/// What a search takes over the largest universe.
struct Timing {
    private let corpus: Corpus
    private let table: TokenTable
    private let documents: [ToolDocument]

    init(_ corpus: Corpus, _ table: TokenTable) {
        self.corpus = corpus
        self.table = table
        let universes = Dictionary(grouping: corpus.tools, by: \.universe)
        let largest = universes.values.max { $0.count < $1.count } ?? []
        documents = largest.map(\.document)
    }

    func report() {
        measure("words", nil)
        measure("table", table)
        // So many that what the heap had free already does not count, and all kept until the end.
        var kept: [ToolIndex] = []
        for (count, copies) in [(100, 600), (documents.count, 100)] {
            let before = Timing.privateBytes()
            for _ in 0..<copies { kept.append(ToolIndex(documents: Array(documents.prefix(count)), table: table)) }
            print("memory", min(count, documents.count), (Timing.privateBytes() - before) / copies)
        }
        withExtendedLifetime(kept) {}
    }

    /// Memory that is this process's alone and written to (proc_pid_smaps(5), Private_Dirty).
    private static func privateBytes() -> Int {
        let text = (try? Files.read("/proc/self/smaps_rollup", limit: 1 << 16)).map {
            String(decoding: $0, as: UTF8.self)
        }
        let line = text?.split(separator: "\n").first { $0.hasPrefix("Private_Dirty:") }
        return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) }.map { $0 << 10 } ?? 0
    }

    private func measure(_ name: String, _ table: TokenTable?) {
        let clock = ContinuousClock()
        var built: ToolIndex?
        let building = clock.measure { built = ToolIndex(documents: documents, table: table) }
        guard let index = built else { return }
        var times: [Int64] = []
        for _ in 0..<5 {
            for query in corpus.queries {
                let time = clock.measure { _ = index.search(query.text, limit: 5) }
                times.append(time.components.attoseconds / 1_000_000_000)
            }
        }
        times.sort()
        let milliseconds = building.components.attoseconds / 1_000_000_000_000_000 + building.components.seconds * 1000
        print("time", name, index.count, times[times.count / 2], times[times.count * 99 / 100], milliseconds)
    }
}
