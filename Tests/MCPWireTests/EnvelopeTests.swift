// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct EnvelopeTests {
    private func text(_ line: String, _ range: Range<Int>) -> String {
        String(decoding: Array(line.utf8)[range], as: UTF8.self)
    }

    private func scan(_ line: String) throws -> Envelope { try Envelope(scanning: Array(line.utf8).span) }

    @Test func findsThePartsOfARequest() throws {
        let line =
            #" {"jsonrpc" : "2.0", "id":"a\"1","method":"tools/call","params":{"name":"t","arguments":{"name":[1,{}]},"#
            + #""_meta":{"x":1,"progressToken":007e1}}} "#
        let fixed = line.replacing("007e1", with: "7")
        let envelope = try scan(fixed)
        #expect(envelope.kind == .request)
        #expect(text(fixed, envelope.id) == #""a\"1""#)
        #expect(envelope.idKind == .string)
        #expect(envelope.knownMethod == .toolsCall)
        #expect(text(fixed, envelope.params.name.range) == #""t""#)
        #expect(text(fixed, envelope.params.metaProgressToken.range) == "7")
        #expect(envelope.params.hasOthers)
        #expect(text(fixed, envelope.object).hasPrefix("{"))
        #expect(throws: JSONSyntaxError.self) { try scan(line) }
    }

    static let kinds: [(String, Envelope.Kind, JSONKind?, Envelope.Fault?)] = [
        (#"{"jsonrpc":"2.0","method":"x"}"#, .notification, nil, nil),
        (#"{"jsonrpc":"2.0","method":"x","id":1}"#, .request, .integer, nil),
        (#"{"jsonrpc":"2.0","method":"x","id":-12345678901234567890123}"#, .request, .integer, nil),
        (#"{"jsonrpc":"2.0","method":"x","id":1.0}"#, .request, .otherNumber, nil),
        (#"{"jsonrpc":"2.0","method":"x","id":null}"#, .request, .null, nil),
        (#"{"jsonrpc":"2.0","method":"x","id":{}}"#, .request, .object, nil),
        (#"{"jsonrpc":"2.0","id":1,"result":null}"#, .response, .integer, nil),
        (#"{"jsonrpc":"2.0","id":1,"error":{}}"#, .response, .integer, nil),
        (#"{"jsonrpc":"2.0","id":1,"error":{},"result":{}}"#, .invalid, .integer, .shapeless),
        (#"{"jsonrpc":"2.0","id":1}"#, .invalid, .integer, .shapeless),
        (#"{"jsonrpc":"2.0","result":1}"#, .invalid, nil, .shapeless),
        (#"{"jsonrpc":"2.0"}"#, .invalid, nil, .shapeless),
        (#"{}"#, .invalid, nil, .noVersion),
        (#"{"jsonrpc":2.0,"id":1,"method":"x"}"#, .invalid, .integer, .noVersion),
        (#"{"jsonrpc":"2.0","id":1,"method":7}"#, .invalid, .integer, .methodIsNoString),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","params":7}"#, .invalid, .integer, .paramsAreNoContainer),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","params":[7]}"#, .request, .integer, nil),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","id":2}"#, .invalid, .integer, .duplicateMember),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","m\u0065thod":"y"}"#, .invalid, .integer, .duplicateMember),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","n\u0061me":"b"}}"#, .invalid, .integer,
            .duplicateMember
        ),
        (#"{"jsonrpc":"2.0","id":1,"method":"x","params":{},"params":{}}"#, .invalid, .integer, .duplicateMember),
    ]

    @Test(arguments: kinds)
    func tellsWhatAMessageIs(line: String, kind: Envelope.Kind, id: JSONKind?, fault: Envelope.Fault?) throws {
        let envelope = try scan(line)
        #expect(envelope.kind == kind)
        #expect(envelope.idKind == id)
        #expect(envelope.fault == fault)
    }

    @Test func readsEscapedNamesAndMethods() throws {
        let line = #"{"jsonrpc":"2.0","i\u0064":5,"m\u0065thod":"pin\u0067"}"#
        let envelope = try scan(line)
        #expect(envelope.knownMethod == .ping)
        #expect(text(line, envelope.id) == "5")
    }

    @Test(arguments: Method.allCases)
    func knowsEveryMethod(method: Method) throws {
        #expect(try scan(#"{"jsonrpc":"2.0","method":"\#(method.rawValue)"}"#).knownMethod == method)
        #expect(try scan(#"{"jsonrpc":"2.0","method":"\#(method.rawValue)x"}"#).knownMethod == nil)
    }

    @Test(arguments: [
        "", " ", "[]", "1", #"{"jsonrpc":"2.0","method":"x""#, #"{"jsonrpc":"2.0","method":"x}"#, "{} {}", "{}x",
        #"{"a":[1}"#, #"{"a":{]}"#, #"{"a":tru}"#, #"{"a":01}"#, #"{"a":"\x"}"#, "{\"a\":\"\t\"}", #"{"a":1,}"#,
        #"{"a"}"#,
    ])
    func refusesABrokenLine(line: String) {
        #expect(throws: JSONSyntaxError.self) { try scan(line) }
    }

    @Test func noticesLineBreaksBetweenTokensOnly() throws {
        #expect(try scan("{\"jsonrpc\":\"2.0\",\r\"method\":\"x\"}").hasLineBreaks)
        #expect(try !scan(#"{"jsonrpc":"2.0","method":"x\r"}"#).hasLineBreaks)
    }

    @Test func findsTheIdInAPrefix() {
        let prefix = Array(#"{"jsonrpc":"2.0","id":17,"result":{"content":[{"text":"aaaa"#.utf8)
        #expect(Envelope(prefix: prefix.span).id == 22..<24)
        #expect(Envelope(prefix: Array(#"{"result":{"id":5,"a"#.utf8).span).idKind == nil)
        #expect(Envelope(prefix: Array(#"{"jsonrpc":"2.0","id":17"#.utf8).span).idKind == nil)
    }

    @Test func goesAsDeepAsItsLimit() throws {
        func nested(_ depth: Int) -> String {
            #"{"jsonrpc":"2.0","method":"x","a":"# + String(repeating: "[", count: depth)
                + String(repeating: "]", count: depth) + "}"
        }
        #expect(throws: Never.self) { try scan(nested(JSONScanner.maximumDepth)) }
        #expect(throws: JSONSyntaxError.self) { try scan(nested(JSONScanner.maximumDepth + 1)) }
    }
}
