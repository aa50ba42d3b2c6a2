// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@testable import Supervisor

/// Whatever a client asks before its session has a place, it is answered, once, under its own id.
@Suite struct LobbyRequestTests {
    private static func initialize(_ version: String = "2025-06-18") -> String {
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)","capabilities":{"roots":{}}}}"#
    }
    private static let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
    private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#
    private static let modern =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    private func give(_ line: String, _ lobby: inout Lobby) -> [String] { seen(lobby.receive(Array(line.utf8))) }

    private func seen(_ steps: [Lobby.Step]) -> [String] {
        steps.map { step in
            switch step {
            case .send(let line): String(decoding: line.dropLast(), as: UTF8.self)
            case .bind(let directory): "bind \(directory)"
            }
        }
    }

    private func shaken(_ version: String = "2025-06-18") -> Lobby {
        var lobby = Lobby(server: "serena", refusal: nil)
        _ = give(Self.initialize(version), &lobby)
        return lobby
    }

    @Test(arguments: ["tools/list", "tools/call", "vendor/x"])
    func initializeMustComeFirst(method: String) {
        var lobby = Lobby(server: "serena", refusal: nil)
        let answers = give(#"{"jsonrpc":"2.0","id":"x","method":"\#(method)"}"#, &lobby)
        #expect(answers.count == 1)
        #expect(answers[0].hasPrefix(#"{"jsonrpc":"2.0","id":"x","error":{"code":-32600"#))
        #expect(lobby.held.isEmpty)
    }

    @Test func aClientThatDoesNotSayInitializedIsAskedAllTheSame() {
        var lobby = shaken()
        #expect(give(Self.list, &lobby).first?.contains("roots/list") == true)
        #expect(lobby.isAsking)
        #expect(give(Self.initialized, &lobby) == [])
        let answer = #"{"jsonrpc":"2.0","id":"mcp-supervisor-roots","result":{"roots":[{"uri":"file:///x"}]}}"#
        #expect(give(answer, &lobby) == ["bind /x"])
        #expect(lobby.held.count == 3)
    }

    @Test(arguments: ["null", "true", "1.5", "1e2", "[1]", #"{"a":1}"#])
    func anIDThatIsNoneComesBackWithTheComplaint(id: String) {
        var lobby = shaken()
        let answers = give(#"{"jsonrpc":"2.0","id":\#(id),"method":"tools/list"}"#, &lobby)
        #expect(answers.count == 1)
        #expect(answers[0].hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32600"#))
        #expect(lobby.held.count == 1)
    }

    @Test(arguments: [
        #"{"id":1,"method":"tools/list"}"#, #"{"jsonrpc":"2.0","id":1,"id":1,"method":"tools/list"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":7}"#, #"{"jsonrpc":"2.0","id":1}"#,
    ])
    func aMessageThatIsNoneIsRefused(line: String) {
        var lobby = shaken()
        #expect(give(line, &lobby).first?.contains(#""id":1,"error":{"code":-32600"#) == true)
    }

    @Test func depthIsNoReasonForSilence() {
        var lobby = shaken()
        let deep = String(repeating: "[", count: 800) + String(repeating: "]", count: 800)
        _ = give(
            #"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"x","arguments":{"a":\#(deep)}}}"#, &lobby)
        #expect(lobby.held.count == 2)
        let answers = seen(lobby.refuse("no"))
        #expect(answers.count == 1 && answers[0].contains(#""id":9,"result""#))
    }

    @Test func anIDInUseIsRefusedAndTheFirstIsKept() {
        var lobby = shaken()
        _ = give(Self.list, &lobby)
        let answers = give(#"{"jsonrpc":"2.0","id":1,"method":"prompts/list"}"#, &lobby)
        #expect(answers.count == 1 && answers[0].contains("-32600"))
        #expect(seen(lobby.refuse("no")) == [#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#])
    }

    @Test func whatIsTakenBackGetsNoAnswer() {
        var lobby = shaken()
        _ = give(Self.list, &lobby)
        #expect(give(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#, &lobby) == [])
        #expect(seen(lobby.refuse("no")) == [])
    }

    @Test func aBatchWaitsAndIsRefusedAsOne() {
        var lobby = shaken("2025-03-26")
        let batch =
            #"[\#(Self.list),{"jsonrpc":"2.0","id":2,"method":"ping"},\#(Self.initialized),{"jsonrpc":"2.0","id":3.5,"method":"x"},7]"#
        #expect(give(batch, &lobby).first?.contains("roots/list") == true)
        #expect(lobby.held.count == 2)
        let answers = seen(lobby.refuse("no"))
        #expect(answers.count == 1)
        #expect(
            answers[0].hasPrefix(
                #"[{"jsonrpc":"2.0","id":1,"result":{"tools":[]}},{"jsonrpc":"2.0","id":2,"result":{}},"#))
        #expect(answers[0].contains(#""id":3.5,"error""#) && answers[0].contains(#""id":null,"error""#))
        #expect(give("[\(Self.list)]", &lobby) == [#"[{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}]"#])
        #expect(give("[]", &lobby).first?.contains("-32600") == true)
        #expect(give("[\(Self.initialized)]", &lobby) == [])
    }

    @Test func otherRevisionsHaveNoBatches() {
        var lobby = shaken()
        let answers = give("[\(Self.list)]", &lobby)
        #expect(answers.count == 1 && answers[0].contains(#""id":null,"error":{"code":-32600"#))
        #expect(lobby.held.count == 1)
    }

    @Test(arguments: [("2024-11-05", "2024-11-05"), ("2031-01-01", "2025-11-25"), ("", "2025-11-25")])
    func theRevisionIsOneOfOurs(asked: String, answered: String) {
        var lobby = Lobby(server: "serena", refusal: nil)
        #expect(give(Self.initialize(asked), &lobby)[0].contains(#""protocolVersion":"\#(answered)""#))
    }

    @Test func theStatelessEraIsAnsweredWithTheAdvice() {
        var lobby = Lobby(server: "serena", refusal: nil)
        #expect(
            give(#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{\#(Self.modern)}}"#, &lobby)[0]
                .contains("-32601"))
        let tools = give(#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{\#(Self.modern)}}"#, &lobby)
        #expect(tools[0].contains(#""tools":[]"#) && tools[0].contains(#""resultType":"complete""#))
        let call = give(
            #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"x",\#(Self.modern)}}"#, &lobby)
        #expect(call[0].contains(#""isError":true"#) && call[0].contains("--repo"))
        #expect(lobby.held.isEmpty)
    }

    @Test func aSecondHandshakeBeginsAnew() {
        var lobby = shaken()
        _ = give(Self.list, &lobby)
        _ = give(Self.initialize(), &lobby)
        #expect(!lobby.isAsking && lobby.held.count == 1)
        #expect(give(Self.initialized, &lobby).first?.contains(#""mcp-supervisor-roots-2""#) == true)
        let old = #"{"jsonrpc":"2.0","id":"mcp-supervisor-roots","result":{"roots":[{"uri":"file:///old"}]}}"#
        #expect(give(old, &lobby) == [])
        #expect(give(old.replacing("roots\",\"result", with: "roots-2\",\"result"), &lobby) == ["bind /old"])
    }

    @Test func whatIsTooLongIsRefused() {
        let lobby = shaken()
        let beginning = Array(#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"xxx"#.utf8)
        let steps = seen(lobby.receiveOversize(beginning: beginning.span, length: 70 << 20))
        #expect(steps.count == 1 && steps[0].contains(#""id":4,"error":{"code":-32600"#) && steps[0].contains("70 MB"))
    }
}
