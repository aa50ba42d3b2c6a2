// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import ToolSearch

@Suite struct TokenTableTests {
    private func file() throws -> [UInt8] { Array(try Data(contentsOf: ToolIndexTests.tableFile)) }

    private func error(_ bytes: [UInt8]) -> TokenTableError? {
        do throws(TokenTableError) {
            _ = try TokenTable(copying: bytes)
            return nil
        } catch { return error }
    }

    @Test func theShippedTableIsSound() throws {
        let table = try TokenTable(copying: file())
        #expect(table.count == 12_036)
        let vector = table.vector(of: "find usages of this function")
        #expect((vector.reduce(0) { $0 + $1 * $1 } - 1).magnitude < 1e-5)
        #expect(table.vector(of: "").allSatisfy { $0 == 0 })
        #expect(table.vector(of: "\u{1F9A0}").allSatisfy { $0 == 0 })
    }

    @Test func theChecksumBesideTheShippedTableIsItsOwn() throws {
        let text = try String(contentsOf: ToolIndexTests.tableFile.appendingPathExtension("crc32"), encoding: .utf8)
        #expect(Self.checksum(try file()) == UInt32(text.dropLast(), radix: 16))
        // The check value of the algorithm.
        #expect(Self.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 { unsafe bytes.withUnsafeBytes { unsafe CRC32.of($0) } }

    @Test func textsOfLikeMeaningAreNearer() throws {
        let table = try TokenTable(copying: file())
        func cosine(_ left: String, _ right: String) -> Float {
            zip(table.vector(of: left), table.vector(of: right)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(cosine("delete a file", "remove document") > cosine("delete a file", "weather forecast"))
    }

    @Test func damageIsNamed() throws {
        let good = try file()
        #expect(error([]) == .tooShort(0))
        #expect(error(Array("nothing that is a table".utf8)) == .noTable)
        #expect(error(Array(good.dropLast())) == .length(good.count - 1, expected: good.count))
        var other = good
        other[4] = 128
        #expect(error(other) == .dimensions(384))
        other = good
        other.replaceSubrange(8..<12, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(error(other) == .rows(0xFFFF_FFFF))
        other = good
        other.replaceSubrange(16..<20, with: [0, 0, 0xC0, 0x7F])
        #expect(error(other) == .numbers)
        other = good
        other[good.count - 3] = UInt8(ascii: "\n")
        #expect(error(other) == .vocabulary("it has 12037 tokens for 12036 rows"))
    }

    /// Whatever is in the file, opening and asking it ends well.
    @Test func noDamageEndsTheProgram() throws {
        let good = try file()
        var state: UInt64 = 0x5EED
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<12 {
            var bytes = next(3) == 0 ? Array(good.prefix(next(good.count))) : good
            for _ in 0..<4 where !bytes.isEmpty { bytes[next(min(bytes.count, 4096))] = UInt8(next(256)) }
            guard let table = try? TokenTable(copying: bytes) else { continue }
            let vector = table.vector(of: "list the files")
            #expect(vector.allSatisfy { $0.isFinite })
        }
    }
}
