// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// What a client is told at the start, and when `auto` decides.
@Suite struct HandshakeEditTests {
    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"NAME","version":"1"}}}"#
    private static let answer =
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"prompts":{"listChanged":true},"x":1.0},"serverInfo":{"name":"s","version":"1"},"instructions":"Use \"find_symbol\"."}}"#

    private static func open(_ talk: Conversation, client: String = "agent") {
        talk.client(initialize.replacing("NAME", with: client))
        talk.server(answer)
    }

    @Test func capabilitiesAndInstructionsAreEditedAndNothingElse() throws {
        let talk = Conversation()
        Self.open(talk)
        let edited = try #require(talk.toClient.first)
        #expect(
            edited.contains(#""capabilities":{"tools":{"listChanged":false},"prompts":{"listChanged":true},"x":1.0}"#))
        let text = try JSONValue(parsing: edited)["result"]?["instructions"]?.stringValue ?? ""
        #expect(text.hasPrefix("Use \"find_symbol\".\n\n") && text.contains("call_tool"))
    }

    @Test func aServerWithoutInstructionsGetsOurs() throws {
        let talk = Conversation()
        talk.client(Self.initialize)
        talk.server(#"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"tools":{}}}}"#)
        let result = try JSONValue(parsing: try #require(talk.toClient.first))["result"]
        #expect(result?["instructions"]?.stringValue?.contains("find_tool") == true)
    }

    @Test func aServerWithoutToolsIsLeftAlone() {
        let talk = Conversation()
        talk.client(Self.initialize)
        let answer = #"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"prompts":{}}}}"#
        talk.server(answer)
        #expect(talk.toClient == [answer])
        #expect(talk.session.isOn == false)
    }

    @Test func theListIsTheSameToTheEndAndItsChangesAreNotTold() {
        let talk = Conversation()
        Self.open(talk)
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        talk.server(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)
        talk.server(#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#)
        talk.view.catalog = ToolCatalog(server: "serena", definitions: [])
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        #expect(talk.toClient.count == 4)
        #expect(talk.toClient[1] == talk.toClient[3])
        #expect(talk.toClient[2].contains("prompts"))
    }

    @Test func theListIsSmallAndSaysWhatThereIs() throws {
        let talk = Conversation()
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        let tools = try JSONValue(parsing: talk.toClient[0])["result"]?["tools"]?.arrayValue ?? []
        #expect(tools.map { $0["name"]?.stringValue } == ["find_tool", "describe_tool", "call_tool"])
        #expect(
            tools[0]["description"]?.stringValue?.contains("It has 3, all available now: memory (2), other (1)") == true
        )
        #expect(tools[2]["annotations"]?["destructiveHint"] == true)
    }

    /// It calls anything: pinned tools too, and what the server has only later.
    @Test(arguments: [[], [Conversation.findSymbol], Conversation.tools])
    func aCallIsNeverSaidToOnlyRead(tools: [String]) throws {
        var options = MetaToolOptions.on
        options.isSplit = true
        options.pins = ["delete_memory"]
        let talk = Conversation(options, tools: tools)
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        let list = try JSONValue(parsing: talk.toClient[0])["result"]?["tools"]?.arrayValue ?? []
        let hints = Dictionary(
            uniqueKeysWithValues: list.prefix(4).map { ($0["name"]?.stringValue ?? "", $0["annotations"]) })
        #expect(hints["call_tool"] == ["readOnlyHint": false, "destructiveHint": true])
        #expect(hints["call_tool_read"] == ["readOnlyHint": true])
    }

    @Test func aModernClientGetsWhatItsEraWants() throws {
        let talk = Conversation(known: false)
        let meta =
            #"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":1}"#
        talk.client(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":\#(meta)}}"#)
        #expect(talk.lastParams?["_meta"]?["io.modelcontextprotocol/protocolVersion"] == "2026-07-28")
        #expect(talk.lastParams?["_meta"]?["progressToken"] == nil)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"resultType":"complete","tools":[\#(Conversation.findSymbol)],"nextCursor":"p2"}}"#
        )
        #expect(talk.lastParams?["cursor"] == "p2")
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-2","result":{"resultType":"complete","tools":[\#(Conversation.deleteMemory)]}}"#
        )
        let result = try JSONValue(parsing: talk.toClient[0])["result"]
        #expect(result?["resultType"] == "complete" && result?["cacheScope"] == "private" && result?["ttlMs"] != nil)
        #expect(talk.view.catalog?.entries.count == 2)
    }
}

/// `auto`.
@Suite struct AutoTests {
    private static let many = (0..<60).map { number in
        #"{"name":"tool_\#(number)","description":"\#(String(repeating: "does something useful ", count: 12))","inputSchema":{"type":"object"}}"#
    }
    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"clientInfo":{"name":"NAME"}}}"#
    private static let answer = #"{"jsonrpc":"2.0","id":0,"result":{"capabilities":{"tools":{}},"instructions":"x"}}"#
    private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#

    private func opened(_ tools: [String], client: String = "agent", known: Bool = true) -> Conversation {
        let talk = Conversation(.auto, tools: tools, known: known)
        talk.client(Self.initialize.replacing("NAME", with: client))
        talk.server(Self.answer)
        return talk
    }

    @Test func aLargeServerIsHidden() {
        let talk = opened(Self.many)
        #expect(talk.session.isOn == true && talk.session.tally.sessions == 1)
        talk.client(Self.list)
        #expect(talk.toClient.last?.contains("find_tool") == true)
        #expect(talk.session.tally.givenTokens < talk.session.tally.plainTokens)
    }

    @Test func aSmallServerIsNot() {
        let talk = opened(Conversation.tools)
        #expect(talk.session.isOn == false)
        #expect(talk.toClient == [Self.answer])
        talk.client(Self.list)
        #expect(talk.toServer.last == Self.list)
    }

    @Test(arguments: ["claude-code", "Claude-Code/2", "codex-mcp-client"])
    func aClientThatDefersItselfSeesTheServersOwn(client: String) {
        #expect(opened(Self.many, client: client).session.isOn == false)
    }

    @Test func theHandshakeWaitsForTheListWhereItIsNotKnown() {
        let talk = opened(Self.many, known: false)
        #expect(talk.toClient.isEmpty)
        talk.server(
            #"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[\#(Self.many.joined(separator: ","))]}}"#
        )
        #expect(talk.session.isOn == true)
        #expect(talk.toClient.count == 1)
        #expect(talk.toClient.first?.contains("call_tool") == true)
        #expect(talk.owed.isEmpty)
    }

    @Test func whenNothingCanBeKnownNothingIsHidden() {
        let talk = opened(Self.many, known: false)
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","error":{"code":-32603,"message":"no"}}"#)
        #expect(talk.session.isOn == false)
        #expect(talk.toClient == [Self.answer])
    }

    @Test func itIsNeverMoreThanThePlainList() {
        for count in 0..<60 {
            let catalog = ToolCatalog(server: "s", definitions: Self.many.prefix(count).map { Array($0.utf8) })
            let size = SizeJudgement(catalog, "", .auto)
            if size.isWorthIt { #expect(size.given < size.plain) }
        }
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
