// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzChecks
import Testing

/// Every input that the fuzzers found worth keeping, and everything that once was a defect.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fuzz/corpus")

    private static func inputs(_ name: String) -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: name).path)
        return (files ?? []).sorted().map { "\(name)/\($0)" }
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: CorpusTests.folder.appending(path: path)))
    }

    @Test func thereIsACorpus() {
        for name in ["envelope", "machine"] { #expect(CorpusTests.inputs(name).count >= 100) }
    }

    @Test func theScannerHasNoComplaint() throws {
        for path in CorpusTests.inputs("envelope") {
            let input = try bytes(path)
            let complaint = EnvelopeCheck.complaint(about: input.span)
            #expect(complaint == nil, "\(path)")
        }
    }

    @Test func theMachineHasNoComplaint() throws {
        for path in CorpusTests.inputs("machine") {
            let input = try bytes(path)
            let complaint = MachineCheck.complaint(about: input.span)
            #expect(complaint == nil, "\(path)")
        }
    }
}
