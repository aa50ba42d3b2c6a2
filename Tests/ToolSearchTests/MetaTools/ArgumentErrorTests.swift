// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import ToolSearch

/// A server that complains about arguments, and the schema that goes with its complaint.
@Suite struct ArgumentErrorTests {
    private func answered(_ members: String, to tool: String = "delete_memory") -> String {
        let talk = Conversation()
        _ = talk.call("call_tool", #"{"name":"\#(tool)","arguments":{"wrong":1}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":1,\#(members)}"#)
        return talk.toClient.last ?? ""
    }

    @Test func aToolsErrorGetsATextMore() throws {
        let complaint = #"{"type":"text","text":"1 validation error for delete_memory\nmemory\n  Field required"}"#
        let answer = answered(#""result":{"content":[\#(complaint)],"isError":true,"_meta":{"a":1.0}}"#)
        let content = try JSONValue(parsing: answer)["result"]?["content"]?.arrayValue ?? []
        #expect(content.count == 2)
        #expect(answer.contains(complaint) && answer.contains(#""_meta":{"a":1.0}"#))
        #expect(content[1]["text"]?.stringValue?.hasPrefix("Arguments of delete_memory: {\"type\"") == true)
    }

    @Test func aProtocolErrorGetsItInItsMessage() throws {
        let answer = answered(#""error":{"code":-32602,"message":"bad \"x\"","data":[1.0]}"#)
        let error = try #require(try JSONValue(parsing: answer)["error"])
        #expect(error["message"]?.stringValue?.hasPrefix(#"bad "x" Arguments of delete_memory: {"type""#) == true)
        #expect(answer.contains(#""data":[1.0]"#))
    }

    @Test(arguments: [
        #""result":{"content":[{"type":"text","text":"the disk is full"}],"isError":true}"#,
        #""result":{"content":[{"type":"text","text":"validation error is what you asked for"}],"isError":false}"#,
        #""result":{"content":[{"type":"text","text":"validation error"}]}"#,
        #""error":{"code":-32603,"message":"validation error"}"#,
    ])
    func otherAnswersPassAsTheyCame(members: String) {
        #expect(answered(members) == #"{"jsonrpc":"2.0","id":1,\#(members)}"#)
    }

    @Test func aLargeSchemaIsReferredTo() throws {
        let properties = (0..<100).map { #""parameter_number_\#($0)":{"type":"string"}"# }.joined(separator: ",")
        let large = #"{"name":"large","inputSchema":{"type":"object","properties":{\#(properties)}}}"#
        let talk = Conversation(tools: [large])
        _ = talk.call("call_tool", #"{"name":"large","arguments":{"wrong":1}}"#)
        talk.server(#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"bad"}}"#)
        #expect(talk.toClient.last?.contains("explained by describe_tool") == true)
        #expect((talk.toClient.last ?? "").utf8.count < 300)
    }
}
