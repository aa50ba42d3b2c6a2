// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// What is counted is what the client was sent, by a count of the test's own.
@Suite struct TallyTests {
    /// Tokens of the texts of a result, and of its structured content.
    private func tokens(_ result: JSONValue?) -> (texts: Int, structured: Int) {
        let texts = (result?["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
        let structured = result?["structuredContent"]?.text ?? ""
        return (
            texts.reduce(0) { $0 + TokenEstimate.tokens(in: $1.utf8) }, TokenEstimate.tokens(in: structured.utf8)
        )
    }

    @Test(arguments: ["memory", ""])
    func aSearchCostsItsTextAndItsStructuredContent(query: String) {
        let talk = Conversation()
        talk.ranking = Ranking(hits: [Conversation.hit(1), Conversation.hit(2)], confidence: .high, total: 2)
        let sent = tokens(talk.call("find_tool", #"{"query":"\#(query)"}"#))
        #expect(sent.texts > 0 && sent.structured > 0)
        #expect(talk.session.tally.structuredTokens == sent.structured)
        #expect(talk.session.tally.answerTokens == sent.texts + sent.structured)
    }

    @Test func definitionsCostWhatTheyAre() {
        let talk = Conversation()
        let sent = tokens(talk.call("describe_tool", #"{"names":["find_symbol","list_memories"]}"#))
        #expect(talk.session.tally.answerTokens == sent.texts)
        #expect(talk.session.tally.structuredTokens == 0)
    }

    /// Clients read `\u5217` before they hand it on.
    @Test func anEscapedDefinitionCostsNoMoreThanTheSameInPlain() throws {
        let texts = [#"列出所有的文件 & <b>"#, #"\u5217\u51fa\u6240\u6709\u7684\u6587\u4ef6 \u0026 \u003cb\u003e"#]
        let entries = try texts.map { text in
            let definition = #"{ "name": "list",  "description": "\#(text)", "inputSchema": {"type": "object"}}"#
            return try #require(ToolEntry(definition: Array(definition.utf8)))
        }
        #expect(entries[0].summary == entries[1].summary)
        #expect(entries[0].tokens == entries[1].tokens)
    }

    @Test(arguments: [
        (#"call_tool"#, #"{"name":"delete_memory","arguments":[1]}"#, 1, 0),
        (#"call_tool"#, #"{"name":"find_tool","arguments":{"x":1}}"#, 1, 0),
        (#"call_tool"#, #"{"name":"delete_memory","arguments":{"type":"object","properties":{"memory":{}}}}"#, 1, 0),
        (#"describe_tool"#, "{}", 1, 0),
        (#"call_tool"#, #"{"name":"remove_memory","arguments":{}}"#, 0, 1),
    ])
    func aRefusalCostsItsWords(tool: String, arguments: String, refusals: Int, wrongNames: Int) throws {
        let talk = Conversation()
        let result = try #require(talk.call(tool, arguments))
        #expect(result["isError"] == true)
        #expect(talk.session.tally.answerTokens == tokens(result).texts)
        #expect(talk.session.tally.answerTokens > 0)
        #expect(talk.session.tally.refusals == refusals && talk.session.tally.wrongNames == wrongNames)
    }

    @Test func aServerThatIsDownCostsWhatIsSaidOfIt() throws {
        let talk = Conversation(known: false)
        _ = talk.call("find_tool", #"{"query":"memory"}"#)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"gone"}}"#)
        let sent = tokens(try JSONValue(parsing: try #require(talk.toClient.last))["result"])
        #expect(sent.texts > 0)
        #expect(talk.session.tally.answerTokens == sent.texts + sent.structured)
        #expect(talk.session.tally.refusals == 0)
        #expect(talk.toClient.last?.contains(#""unavailable":[{"server":"serena","reason":"gone"}]"#) == true)
    }

    @Test(arguments: [
        #""result":{"content":[{"type":"text","text":"memory is required"}],"isError":true}"#,
        #""error":{"code":-32602,"message":"memory is required"}"#,
    ])
    func anAppendedSchemaCostsItsTokens(members: String) throws {
        let talk = Conversation()
        _ = talk.call("call_tool", #"{"name":"delete_memory","arguments":{"wrong":1}}"#)
        let plain = #"{"jsonrpc":"2.0","id":1,\#(members)}"#
        talk.server(plain)
        let answer = try JSONValue(parsing: try #require(talk.toClient.last))
        let added =
            answer["result"]?["content"]?.arrayValue?.last?["text"]?.stringValue
            ?? answer["error"]?["message"]?.stringValue.map { String($0.dropFirst("memory is required ".count)) }
        #expect(talk.session.tally.schemasAppended == 1)
        #expect(talk.session.tally.answerTokens == TokenEstimate.tokens(in: try #require(added).utf8))
    }

    /// They cost no call, so they are no part of the rate of wrong calls.
    @Test func wrongNamesThatAreDescribedAreCountedApart() {
        let talk = Conversation()
        _ = talk.call("describe_tool", #"{"names":["find_symbol","memories","nothing"]}"#)
        #expect(talk.session.tally.wrongDescriptions == 2 && talk.session.tally.wrongNames == 0)
        #expect(talk.session.tally.descriptions == 1)
    }

    @Test func whatASessionIsGivenIsCountedOnce() {
        let talk = Conversation()
        for id in 1...2 { talk.client(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#) }
        let size = SizeJudgement(talk.view.catalog ?? ToolCatalog(server: "", definitions: []), "", .on)
        #expect(talk.session.tally.sessions == 1)
        #expect(talk.session.tally.givenTokens == size.given && talk.session.tally.plainTokens == size.plain)
        #expect(size.given > 0 && size.plain > 0)
    }

    /// A supervisor that was killed took its counts along; what the client was given it still has.
    @Test(arguments: [false, true])
    func aSessionThatIsBackStillHasWhatItWasGiven(isListedAgain: Bool) throws {
        let talk = Conversation(isResumed: true)
        if isListedAgain { talk.client(#"{"jsonrpc":"2.0","id":9,"method":"tools/list"}"#) }
        _ = talk.call("find_tool", #"{"query":""}"#)
        let size = SizeJudgement(try #require(talk.view.catalog), "", .on)
        #expect(talk.session.tally.sessions == 1)
        #expect(talk.session.tally.givenTokens == size.given && talk.session.tally.plainTokens == size.plain)
    }

    @Test func aSessionThatIsBackBeforeItsServerIsCountedWhenTheListIsKnown() throws {
        let talk = Conversation(known: false, isResumed: true)
        _ = talk.call("find_tool", #"{"query":""}"#)
        #expect(talk.session.tally.plainTokens == 0)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[\#(Conversation.findSymbol)]}}"#)
        #expect(talk.session.tally.plainTokens == SizeJudgement(try #require(talk.view.catalog), "", .on).plain)
    }
}
