// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// `describe_tool`, and the texts that a model steers by.
@Suite struct DescribeTests {
    @Test func definitionsComeByteForByteSeveralAtOnce() throws {
        let talk = Conversation()
        let result = try #require(talk.call("describe_tool", #"{"names":["find_symbol","list_memories"]}"#))
        let texts = (result["content"]?.arrayValue ?? []).map { $0["text"]?.stringValue }
        #expect(texts == [Conversation.findSymbol, Conversation.listMemories])
        #expect(result["isError"] == false)
        #expect(talk.call("describe_tool", #"{"name":"delete_memory"}"#)?.firstText == Conversation.deleteMemory)
    }

    @Test func anUnknownNameIsSaidBesideTheKnown() throws {
        let talk = Conversation()
        let mixed = try #require(talk.call("describe_tool", #"{"names":["find_symbol","memories"]}"#))
        #expect(mixed["isError"] == false)
        #expect(mixed["content"]?.arrayValue?.last?["text"]?.stringValue?.contains("list_memories") == true)
        #expect(talk.call("describe_tool", #"{"name":"memories"}"#)?["isError"] == true)
        #expect(talk.call("describe_tool", "{}")?["isError"] == true)
    }

    @Test func aListThatMayBeOldIsAskedForBefore() throws {
        let talk = Conversation()
        talk.view.isFresh = false
        #expect(talk.call("describe_tool", #"{"name":"instructions"}"#) != nil)
        #expect(talk.call("describe_tool", #"{"name":"find_symbol"}"#) == nil)
        let new = #"{"name":"find_symbol","description":"Another.","inputSchema":{}}"#
        talk.server(#"{"jsonrpc":"2.0","id":"mcp-supervisor-tools-1","result":{"tools":[\#(new)]}}"#)
        #expect(try JSONValue(parsing: try #require(talk.toClient.last))["result"]?.firstText == new)
    }

    @Test func theInstructionsAreWhole() {
        let talk = Conversation()
        talk.view.instructions = String(repeating: "Long text. ", count: 1000)
        #expect(talk.call("describe_tool", #"{"name":"instructions"}"#)?.firstText == talk.view.instructions)
    }

    @Test func shortInstructionsKeepWhatSteers() {
        let filler = (0..<200).map { "This paragraph number \($0) tells a story about how it all came to be so." }
        let text = (["Serena edits code by symbols."] + filler + ["You MUST activate the project before editing."])
            .joined(separator: "\n")
        let short = ShortInstructions.of(text)
        #expect(short.utf8.count <= ShortInstructions.limit)
        #expect(short.hasPrefix("Serena edits code by symbols."))
        #expect(short.contains("You MUST activate the project before editing."))
        #expect(short.contains("describe_tool with name \"instructions\""))
    }

    @Test(arguments: [0, 1, 699, 701, 2048, 100_000])
    func shortInstructionsFitWhateverComes(size: Int) {
        for unit in ["a", "must. ", "é must ", "line\n"] {
            let text = String(repeating: unit, count: size)
            #expect(ShortInstructions.of(text).utf8.count <= ShortInstructions.limit)
        }
    }

    @Test func descriptionsStayBelow2KB() {
        let definitions = (0..<500).map {
            #"{"name":"object\#(Character(Unicode.Scalar(97 + UInt8($0 % 26))))thing_of_\#($0)"}"#
        }
        let catalog = ToolCatalog(
            server: String(repeating: "s", count: 3000), definitions: definitions.map { Array($0.utf8) })
        let list = MetaTool.list(catalog, .on)
        for tool in (try? JSONValue(parsing: list))?.arrayValue ?? [] {
            #expect((tool["description"]?.stringValue ?? "").utf8.count <= 2048)
        }
        #expect(!list.isEmpty)
    }
}
