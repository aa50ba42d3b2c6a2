// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct ReservedMemberTests {
    private func text(_ line: String, _ range: Range<Int>) -> String {
        String(decoding: Array(line.utf8)[range], as: UTF8.self)
    }

    private func scan(_ line: String) throws -> Envelope { try Envelope(scanning: Array(line.utf8).span) }

    private func request(_ meta: String) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":\#(meta)}}"#
    }

    @Test(arguments: [
        (#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#, true),
        (#"{"io.modelcontextprotocol\/protocolVersion":7,"x":1}"#, true),
        (#"{"io.modelcontextprotocol/protocolVersioN":"2026-07-28"}"#, false),
        (#"{"io.modelcontextprotocol_protocolVersion":"2026-07-28"}"#, false),
        (#"{"com.modelcontextprotocol/protocolVersion":"2026-07-28"}"#, false),
        (#"{"x":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#, false),
        (#"{"progressToken":1}"#, false), ("7", false),
    ])
    func aRequestOfTheStatelessEraCarriesItsVersion(meta: String, isModern: Bool) throws {
        #expect(try scan(request(meta)).isModern == isModern)
    }

    @Test func aVersionTwiceIsRefused() throws {
        let key = #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#
        #expect(try scan(request("{\(key),\(key)}")).fault == .duplicateMember)
    }

    @Test func reservedMembersAreToldFromOthers() throws {
        let line = request(
            #"{"v/x":[1] , "io.modelcontextprotocol/clientCapabilities": {"a":{}},"io.modelcontextprotocol/logLevel":"info","#
                + #""io.modelcontextprotocol/clientCapabilitieS":1,"io.modelcontextprotocol/related-task":{}}"#)
        let members = MetaMembers(Array(line.utf8).span, try scan(line).params.meta)
        #expect(text(line, members.clientCapabilities.range) == #"{"a":{}}"#)
        #expect(text(line, members.logLevel.range) == #""info""#)
        #expect(!members.clientInfo.isPresent)
        #expect(
            members.reserved.map { text(line, $0) } == [
                #""io.modelcontextprotocol/clientCapabilities": {"a":{}}"#,
                #""io.modelcontextprotocol/logLevel":"info""#,
            ])
        #expect(
            members.others.map { text(line, $0) } == [
                #""v/x":[1]"#, #""io.modelcontextprotocol/clientCapabilitieS":1"#,
                #""io.modelcontextprotocol/related-task":{}"#,
            ])
    }

    @Test func findsThePartsOfAResult() throws {
        let line =
            #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"resultType":1}],"resultType":"x","_meta":{},"ttlMs":5}}"#
        let envelope = try scan(line)
        #expect(text(line, envelope.resultParts.resultType.range) == #""x""#)
        #expect(text(line, envelope.resultParts.ttl.range) == "5")
        #expect(envelope.resultParts.meta.kind == .object)
        #expect(!envelope.resultParts.cacheScope.isPresent)
        #expect(text(line, envelope.result).hasPrefix(#"{"content""#) && text(line, envelope.result).hasSuffix("5}"))
    }

    @Test(arguments: [("{}", JSONKind.object), ("7", .integer), ("[1]", .array), ("null", .null)])
    func aResultMayBeAnything(result: String, kind: JSONKind) throws {
        let line = #"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#
        let envelope = try scan(line)
        #expect(envelope.resultParts.kind == kind && envelope.resultParts.isEmpty)
        #expect(text(line, envelope.result) == result)
        #expect(ResultParts(of: Array(result.utf8).span) == envelope.resultParts)
    }

    @Test(arguments: [#"{"a":}"#, #"{"a":1,}"#, #"{"a" 1}"#, "{", #"{"a":1]"#])
    func aBrokenResultIsNoMessage(result: String) {
        #expect(throws: JSONSyntaxError.self) { try scan(#"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#) }
    }
}
