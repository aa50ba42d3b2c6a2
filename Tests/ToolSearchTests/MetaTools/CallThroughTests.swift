// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// `call_tool` and what models do to it.
@Suite struct CallThroughTests {
    @Test func theCallIsTheToolsOwnWithEverythingElseAsItCame() {
        let talk = Conversation()
        talk.client(
            #"{"jsonrpc":"2.0","id":"a\u0031","method":"tools/call","params":{"_meta":{"progressToken":7,"x":1.50},"#
                + #""name":"call_tool","arguments":{"name":"find_symbol","arguments":{"name_path":"\u00e9","depth":1.0}}}}"#
        )
        #expect(
            talk.toServer == [
                #"{"jsonrpc":"2.0","id":"a\u0031","method":"tools/call","params":{"_meta":{"progressToken":7,"x":1.50},"#
                    + #""name":"find_symbol","arguments":{"name_path":"\u00e9","depth":1.0}}}"#
            ])
        let answer =
            #"{"jsonrpc":"2.0","id":"a\u0031","result":{"content":[{"type":"image","data":"AA==","mimeType":"image/png"}],"#
            + #""structuredContent":{"n":1.0},"_meta":{"v":2},"isError":false}}"#
        talk.server(answer)
        #expect(talk.toClient == [answer])
        #expect(talk.session.tally.repairedArguments == 0)
    }

    /// Arguments as models send them, all meaning `{"memory":"m"}`.
    @Test(arguments: [
        #"{"name":"delete_memory","arguments":"{\"memory\":\"m\"}"}"#,
        #"{"name":"delete_memory","arguments":{"name":"delete_memory","arguments":{"memory":"m"}}}"#,
        #"{"arguments":{"name":"delete_memory","arguments":{"memory":"m"}}}"#,
        #"{"name":"delete_memory","arguments":{"arguments":"{\"memory\":\"m\"}"}}"#,
        #"{"name":"deleteMemory","arguments":{"name":"deleteMemory","arguments":{"memory":"m"}}}"#,
        #"{"name":"delete_memory","memory":"m"}"#,
        #"{"name":"mcp__serena__delete_memory","arguments":{"memory":"m"}}"#,
        #"{"name":"serena.delete_memory","arguments":{"memory":"m"}}"#,
        #"{"name":"deleteMemory","arguments":{"memory":"m"}}"#,
        #"{"tool":"delete_memory","args":{"memory":"m"}}"#,
        #""{\"name\":\"delete_memory\",\"arguments\":{\"memory\":\"m\"}}""#,
    ])
    func whatWasMeantIsCalled(arguments: String) {
        let talk = Conversation()
        #expect(talk.call("call_tool", arguments) == nil)
        #expect(talk.lastParams == ["name": "delete_memory", "arguments": ["memory": "m"]])
        #expect(talk.session.tally.repairedArguments == 1)
    }

    @Test func noArgumentsAreAnEmptyObject() {
        let talk = Conversation()
        _ = talk.call("call_tool", #"{"name":"list_memories"}"#)
        #expect(talk.lastParams == ["name": "list_memories", "arguments": [:]])
        #expect(talk.session.tally.repairedArguments == 0)
    }

    @Test func aToolThatTakesArgumentsKeepsThem() {
        let runner =
            #"{"name":"run","inputSchema":{"type":"object","properties":{"name":{"type":"string"},"arguments":{"type":"object"}}}}"#
        let talk = Conversation(tools: [runner])
        _ = talk.call("call_tool", #"{"name":"run","arguments":{"name":"x","arguments":{"y":1}}}"#)
        #expect(talk.lastParams == ["name": "run", "arguments": ["name": "x", "arguments": ["y": 1]]])
    }

    /// What takes anything, or says elsewhere what it takes, is given what the model wrote.
    @Test(arguments: [
        ##"{"type":"object","$ref":"#/$defs/R"}"##, #"{"type":"object","anyOf":[{"properties":{}}]}"#,
        #"{"type":"object"}"#,
        #"{"type":"object","properties":{"x":{}},"allOf":[{}]}"#,
    ])
    func whereTheSchemaDoesNotTellNothingIsRepaired(schema: String) {
        let talk = Conversation(tools: [#"{"name":"run","inputSchema":\#(schema)}"#])
        for arguments in [#"{"name":"job","arguments":{"x":1}}"#, #"{"type":"object","properties":{}}"#] {
            #expect(talk.call("call_tool", #"{"name":"run","arguments":\#(arguments)}"#) == nil)
            #expect(talk.lastParams?["arguments"] == (try? JSONValue(parsing: arguments)))
        }
    }

    @Test(arguments: ["input", "args"])
    func aParameterMayBeCalledAsArgumentsAreToo(word: String) {
        let tool = #"{"name":"say","inputSchema":{"type":"object","properties":{"\#(word)":{"type":"string"}}}}"#
        let talk = Conversation(tools: [tool])
        #expect(talk.call("call_tool", #"{"name":"say","\#(word)":"hello"}"#) == nil)
        #expect(talk.lastParams?["arguments"] == [word: "hello"])
    }

    @Test func aParameterCalledTaskIsNoTask() {
        let talk = Conversation()
        #expect(talk.call("call_tool", #"{"name":"delete_memory","memory":"m","task":"milk"}"#) == nil)
        #expect(talk.lastParams?["arguments"] == ["memory": "m", "task": "milk"])
    }

    @Test func anUnknownNameIsAnErrorWithThreeSuggestions() throws {
        let talk = Conversation()
        let result = try #require(talk.call("call_tool", #"{"name":"remove_memory","arguments":{}}"#))
        #expect(result["isError"] == true)
        #expect(result.firstText.contains(#"serena has no tool "remove_memory". Nearest: delete_memory, "#))
        #expect(talk.toServer.isEmpty)
        #expect(talk.session.tally.wrongNames == 1)
    }

    @Test func anUnknownNameMayBeOfAToolThatCameJustNow() {
        let talk = Conversation()
        talk.view.isFresh = false
        #expect(talk.call("call_tool", #"{"name":"brand_new","arguments":{}}"#) == nil)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[{"name":"brand_new","inputSchema":{}}]}}"#
        )
        #expect(talk.lastParams == ["name": "brand_new", "arguments": [:]])
    }

    /// With the tool `commit`, `undo_commit` ran it.
    @Test func aNameThatEndsInAnothersIsWrong() throws {
        let talk = Conversation()
        let result = try #require(talk.call("call_tool", #"{"name":"undo_delete_memory","arguments":{"memory":"m"}}"#))
        #expect(result["isError"] == true && result.firstText.contains("Nearest: delete_memory"))
        #expect(talk.toServer.isEmpty)
        #expect(talk.session.tally.wrongNames == 1)
        // Called directly it goes to the server as it is, which says that there is no such tool.
        _ = talk.call("undo_delete_memory", #"{"memory":"m"}"#)
        #expect(talk.lastParams?["name"] == "undo_delete_memory")
        #expect(talk.session.tally.wrongNames == 2)
    }

    /// The name is another tool's until the list is known that has the new one.
    @Test(arguments: [false, true])
    func aNameIsNotGuessedWhileTheListMayBeAnotherOne(isDirect: Bool) {
        let talk = Conversation()
        talk.view.isFresh = false
        let arguments = isDirect ? "{}" : #"{"name":"listMemories","arguments":{}}"#
        #expect(talk.call(isDirect ? "listMemories" : "call_tool", arguments) == nil)
        #expect(talk.toServer.count == 1 && talk.toServer[0].contains("tools/list"))
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[{"name":"listMemories"},"#
                + Conversation.listMemories + "]}}")
        #expect(talk.lastParams?["name"] == "listMemories")
        #expect(talk.owed.isEmpty)
    }

    @Test(arguments: ["find_tool", "describe_tool", "call_tool"])
    func metaToolsAreNotCalledThroughThemselves(name: String) throws {
        let talk = Conversation()
        let result = try #require(talk.call("call_tool", #"{"name":"\#(name)","arguments":{"x":1}}"#))
        #expect(result["isError"] == true && talk.toServer.isEmpty)
    }

    @Test(arguments: [
        #"{"name":"delete_memory","arguments":{"type":"object","properties":{"memory":{"type":"string"}}}}"#,
        #"{"name":"delete_memory","arguments":[1]}"#, #"{"name":"delete_memory","arguments":"memory"}"#,
        #"{"arguments":{}}"#, "[]", #"{"name":7,"arguments":{}}"#, #"{"name":"","arguments":{}}"#,
        #"{"name":"delete_memory","arguments":{},"task":{"ttl":1}}"#,
    ])
    func whatCannotBeMeantIsExplained(arguments: String) throws {
        let talk = Conversation()
        let result = try #require(talk.call("call_tool", arguments))
        #expect(result["isError"] == true && !result.firstText.isEmpty && talk.toServer.isEmpty)
    }

    @Test func aTaskAroundTheCallGoesWithIt() {
        let talk = Conversation()
        talk.client(
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"call_tool","task":{"ttl":5},"#
                + #""arguments":{"name":"list_memories","arguments":{}}}}"#)
        #expect(talk.lastParams == ["name": "list_memories", "task": ["ttl": 5], "arguments": [:]])
    }

    @Test func aHiddenToolCalledByItsNameIsExecuted() {
        let talk = Conversation()
        #expect(talk.call("delete_memory", #"{"memory":"m"}"#) == nil)
        #expect(talk.call("mcp__serena__delete_memory", #"{"memory":"n"}"#) == nil)
        #expect(talk.lastParams == ["name": "delete_memory", "arguments": ["memory": "n"]])
        #expect(talk.session.tally.directCalls == 2)
    }

    @Test func splitReadsRefuseWhatChangesThings() throws {
        var options = MetaToolOptions.on
        options.isSplit = true
        let talk = Conversation(options)
        let refused = try #require(talk.call("call_tool_read", #"{"name":"delete_memory","arguments":{}}"#))
        #expect(refused["isError"] == true && refused.firstText.contains("call_tool"))
        #expect(talk.call("call_tool_read", #"{"name":"find_symbol","arguments":{"name_path":"x"}}"#) == nil)
        #expect(talk.call("call_tool", #"{"name":"delete_memory","arguments":{}}"#) == nil)
        #expect(talk.toServer.count == 2)
    }

    /// A client may have approved this one, for tools that only read.
    @Test func splitReadsDoNotGoByAListThatMayBeOld() throws {
        var options = MetaToolOptions.on
        options.isSplit = true
        let talk = Conversation(options)
        talk.view.isFresh = false
        #expect(talk.call("call_tool_read", #"{"name":"find_symbol","arguments":{}}"#) == nil)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[{"name":"find_symbol","inputSchema":{}}]}}"#
        )
        let result = try JSONValue(parsing: try #require(talk.toClient.last))["result"]
        #expect(result?["isError"] == true && result?.firstText.contains("not read-only") == true)
        #expect(talk.toServer.count == 1 && talk.owed.isEmpty)
    }

    /// The list cannot be had: what it said last is all there is to go by.
    @Test(arguments: [("find_symbol", true), ("delete_memory", false)])
    func splitReadsGoByTheOldListWhereThereIsNoOther(tool: String, isSent: Bool) {
        var options = MetaToolOptions.on
        options.isSplit = true
        let talk = Conversation(options)
        talk.view.isFresh = false
        #expect(talk.call("call_tool_read", #"{"name":"\#(tool)","arguments":{}}"#) == nil)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"gone"}}"#)
        #expect((talk.lastParams?["name"]?.stringValue == tool) == isSent)
        #expect(talk.toClient.count == (isSent ? 0 : 1) && talk.owed.isEmpty)
    }

    @Test(arguments: [
        ("mcp__serena__list_memories", 1), ("serena.list_memories", 1), ("serena_list_memories", 1),
        ("list_memories", 0),
    ])
    func aNameWithAPrefixWaitsForTheListThatTellsWhatItIs(name: String, asked: Int) {
        let talk = Conversation(known: false)
        #expect(talk.call(name, "{}") == nil)
        #expect(talk.owed.count == asked)
        if asked == 1 {
            talk.server(
                #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[\#(Conversation.listMemories)]}}"#)
        }
        #expect(talk.lastParams?["name"] == "list_memories")
    }

    /// Nobody knows which tools only read: a client may have approved those alone.
    @Test func splitReadsRefuseEverythingWhileTheListIsUnknown() throws {
        var options = MetaToolOptions.on
        options.isSplit = true
        let talk = Conversation(options, known: false)
        #expect(talk.call("call_tool_read", #"{"name":"delete_memory","arguments":{}}"#) == nil)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"serena is gone"}}"#)
        let result = try JSONValue(parsing: try #require(talk.toClient.last))["result"]
        #expect(result?["isError"] == true)
        #expect(result?.firstText.contains("serena is gone") == true)
        #expect(result?.firstText.contains("call_tool") == true)
        #expect(talk.toServer.count == 1 && talk.owed.isEmpty)
    }

    @Test func withoutTheCatalogTheServerDecides() {
        let talk = Conversation(known: false)
        #expect(talk.call("call_tool", #"{"name":"anything","arguments":{"x":1}}"#) == nil)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"no"}}"#)
        #expect(talk.lastParams == ["name": "anything", "arguments": ["x": 1]])
        #expect(talk.owed.isEmpty)
    }

    @Test func cancellationGoesToWhereTheCallIs() {
        let talk = Conversation()
        _ = talk.call("call_tool", #"{"name":"list_memories"}"#)
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
        talk.client(cancel)
        #expect(talk.toServer.last == cancel)
    }
}
