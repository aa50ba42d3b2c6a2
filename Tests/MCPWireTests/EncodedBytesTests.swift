// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct EncodedBytesTests {
    struct Holder: Codable, Equatable {
        var plain: [UInt8]
        var optional: [UInt8]?
        var keyed: [String: [UInt8]]
        var token: RawToken
        var json: JSONValue
        var splitter: LineSplitter

        static func == (left: Holder, right: Holder) -> Bool {
            left.plain == right.plain && left.optional == right.optional && left.keyed == right.keyed
                && left.token == right.token && left.json == right.json
                && left.splitter.partial == right.splitter.partial
        }
    }

    private func holder(_ bytes: [UInt8]) -> Holder {
        var splitter = LineSplitter(limit: 100)
        var offset = 0
        _ = splitter.next(in: bytes.span, from: &offset)
        return Holder(
            plain: bytes, optional: bytes, keyed: ["a": bytes], token: RawToken(bytes.span, 0..<bytes.count),
            json: ["a": [1.50, nil]], splitter: splitter)
    }

    @Test(arguments: [
        [], Array("{\"a\":\"ü\"}\n".utf8), [0x22, 0xFF, 0x00, 0x80, 0x22], Array(repeating: 0x61, count: 90),
    ])
    func bytesComeBackAsTheyWere(bytes: [UInt8]) throws {
        let text = try JSONCoding.encode(holder(bytes)).text
        #expect(try JSONCoding.decode(Holder.self, from: JSONValue(parsing: text)) == holder(bytes))
    }

    @Test func textIsWrittenAsText() throws {
        #expect(try JSONCoding.encode(Array("id".utf8)).text == #""=id""#)
        #expect(try JSONCoding.encode([UInt8]([0xFF, 0x0A])).text == ##""#ff0a""##)
    }

    @Test(arguments: ["x", "#0", "#zz"])
    func otherTextIsRefused(text: String) {
        #expect(throws: CodingFailure.self) { try JSONCoding.decode([UInt8].self, from: .string(text)) }
    }
}
