// SPDX-License-Identifier: Apache-2.0

import Posix
import Testing

@testable import Supervisor

/// Each session of its own leaves a log, and there is no end to sessions.
@Suite struct KeptWordsTests {
    @Test func theLastOnesAreKept() {
        var words = KeptWords()
        for number in 0..<1000 { words.keep(["\(number)"], of: number % 2 == 0 ? "often" : "id-\(number)") }
        #expect(words["often"] == ["998"] && words["id-999"] == ["999"])
        #expect(words["id-1"].isEmpty && words["never"].isEmpty)
        #expect((0..<1000).count { !words["id-\($0)"].isEmpty } == KeptWords.most - 1)
    }

    @Test func theOldestFilesGoButForThoseThatAreWritten() throws {
        let directory = try TemporaryDirectory()
        for number in 0..<2 * KeptWords.most {
            try Files.replace("\(directory.path)/id-\(number).log", with: [])
        }
        KeptWords.removeOldFiles(in: directory.path, besides: ["id-0"])
        #expect(Files.names(in: directory.path).count == 2 * KeptWords.most, "not for each one more")
        try Files.replace("\(directory.path)/newest.log", with: [])
        KeptWords.removeOldFiles(in: directory.path, besides: ["id-0"])
        let left = Set(Files.names(in: directory.path))
        #expect(left.count == KeptWords.most && left.isSuperset(of: ["id-0.log", "newest.log"]))
    }
}
