// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer
import Testing

@testable import Supervisor

@Suite struct LobbyTests {
    static let initialized: JSONValue = ["jsonrpc": "2.0", "method": "notifications/initialized"]

    static func initialize(id: JSONValue = .int(0), capabilities: JSONValue = ["roots": [:]]) -> JSONValue {
        [
            "jsonrpc": "2.0", "id": id, "method": "initialize",
            "params": ["protocolVersion": "2025-06-18", "capabilities": capabilities],
        ]
    }

    static func request(_ method: String, id: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "method": .string(method)]
    }

    static func roots(_ uris: String...) -> JSONValue {
        let list = uris.map { uri in ["uri": .string(uri)] as JSONValue }
        return ["jsonrpc": "2.0", "id": "mcp-supervisor-roots", "result": ["roots": .array(list)]]
    }

    /// Steps for reading: messages as values, directories as they are.
    enum Seen: Equatable {
        case message(JSONValue)
        case bind(String)
    }

    func seen(_ steps: [Lobby.Step]) throws -> [Seen] {
        try steps.map { step in
            switch step {
            case .bind(let directory): return .bind(directory)
            case .send(let line):
                #expect(line.last == 0x0A)
                #expect(line.filter { $0 == 0x0A }.count == 1)
                return .message(try JSONValue(parsing: Array(line.dropLast())))
            }
        }
    }

    func give(_ message: JSONValue, to lobby: inout Lobby) throws -> [Seen] {
        try seen(lobby.receive(Array(message.text.utf8)))
    }

    /// A lobby whose client has been asked for its roots.
    func asked() throws -> Lobby {
        var lobby = Lobby(server: "serena", refusal: nil)
        _ = try give(LobbyTests.initialize(), to: &lobby)
        let steps = try give(LobbyTests.initialized, to: &lobby)
        let question: JSONValue = ["jsonrpc": "2.0", "id": "mcp-supervisor-roots", "method": "roots/list"]
        #expect(steps == [.message(question)])
        return lobby
    }

    @Test func theHandshakeIsAnsweredInTheClientsVersionAndWithItsID() throws {
        for id: JSONValue in [.int(0), "abc", .number("9007199254740993")] {
            var lobby = Lobby(server: "serena", refusal: nil)
            let steps = try give(LobbyTests.initialize(id: id), to: &lobby)
            guard case .message(let answer)? = steps.first else { throw Missing() }
            #expect(answer["id"] == id)
            #expect(answer["result"]?["protocolVersion"] == "2025-06-18")
            #expect(answer["result"]?["serverInfo"]?["name"] == "serena")
            #expect(answer["result"]?["capabilities"]?["tools"]?["listChanged"] == true)
            #expect(answer["result"]?["instructions"] == nil)
        }
    }

    struct Missing: Error {}

    @Test func whatTheServerSaidElsewhereIsPromised() throws {
        let promise = ServerPromise(capabilities: ["prompts": [:]], serverInfo: ["name": "Serena", "version": "1"])
        var lobby = Lobby(server: "serena", refusal: nil, promise: promise)
        guard case .message(let answer)? = try give(LobbyTests.initialize(), to: &lobby).first else { throw Missing() }
        #expect(answer["result"]?["capabilities"] == promise.capabilities)
        #expect(answer["result"]?["serverInfo"] == promise.serverInfo)
    }

    @Test func theFirstRootDecidesAndWhatWaitedIsHanded() throws {
        var lobby = try asked()
        #expect(try give(LobbyTests.request("tools/list", id: .int(1)), to: &lobby).isEmpty)
        #expect(
            try give(LobbyTests.roots("file:///no/such%20place", "file:///other"), to: &lobby) == [
                .bind("/no/such place")
            ])
        let held = try lobby.held.map { try JSONValue(parsing: $0) }
        #expect(
            held == [LobbyTests.initialize(), LobbyTests.initialized, LobbyTests.request("tools/list", id: .int(1))])
    }

    @Test(arguments: ["mcp-supervisor-roots", "mcp-supervisor-roots-2"])
    func anyQuestionOfTheHandshakeMayBeAnswered(id: String) throws {
        var lobby = try asked()
        guard case .message(let again)? = try seen(lobby.askAgain()).first else { throw Missing() }
        #expect(again["id"] == "mcp-supervisor-roots-2" && again["method"] == "roots/list")
        var answer = LobbyTests.roots("file:///place").objectValue ?? JSONObject()
        answer["id"] = .string(id)
        #expect(try give(.object(answer), to: &lobby) == [.bind("/place")])
    }

    @Test func whatHasItsAnswerIsNotRemembered() throws {
        var lobby = try asked()
        func isRemembered(_ message: JSONValue) throws -> Bool {
            _ = try give(message, to: &lobby)
            return lobby.remembers(Array(message.text.utf8))
        }
        #expect(try isRemembered(LobbyTests.request("tools/list", id: .int(1))))
        #expect(try !isRemembered(LobbyTests.request("ping", id: .int(2))))
        #expect(try !isRemembered(LobbyTests.roots()), "no root: it is refused")
        #expect(try !isRemembered(LobbyTests.request("tools/list", id: .int(3))))
        #expect(try isRemembered(LobbyTests.initialize(id: .int(4))))
    }

    @Test func aRootInAWorkTreeComesBeforeOneThatIsNot() throws {
        let place = try TemporaryDirectory()
        _ = try place.directory("clone/.git")
        let root = try place.directory("clone/src")
        var lobby = try asked()
        let steps = try give(LobbyTests.roots("file:///no/such/place", FileURL.text(ofPath: root)), to: &lobby)
        #expect(steps == [.bind(root)])
    }

    @Test func aClientWithoutRootsIsToldWhatToDo() throws {
        var lobby = Lobby(server: "serena", refusal: nil)
        _ = try give(LobbyTests.initialize(capabilities: [:]), to: &lobby)
        let answers = try give(LobbyTests.request("tools/call", id: "early"), to: &lobby)
        #expect(answers.count == 1)
        #expect(try give(LobbyTests.initialized, to: &lobby).isEmpty)
        try expectRefusals(&lobby, early: answers.first)
    }

    @Test(arguments: [
        roots(), roots("http://x/y"),
        ["jsonrpc": "2.0", "id": "mcp-supervisor-roots", "error": ["code": -32601, "message": "no"]],
    ])
    func aClientThatHasNoRootForUsIsToldWhatToDo(reply: JSONValue) throws {
        var lobby = try asked()
        #expect(try give(LobbyTests.request("tools/call", id: "early"), to: &lobby).isEmpty)
        let answers = try give(reply, to: &lobby)
        #expect(answers.count == 1)
        try expectRefusals(&lobby, early: answers.first)
    }

    /// Tools are none, calls and all else say what to do; notifications get nothing.
    func expectRefusals(_ lobby: inout Lobby, early: Seen?) throws {
        let advice = Lobby.advice("serena")
        guard case .message(let first)? = early else { throw Missing() }
        #expect(first["id"] == "early")
        #expect(first["result"]?["isError"] == true)
        #expect(first["result"]?["content"]?.arrayValue?.first?["text"] == .string(advice))
        let tools: JSONValue = ["jsonrpc": "2.0", "id": .int(5), "result": ["tools": []]]
        #expect(try give(LobbyTests.request("tools/list", id: .int(5)), to: &lobby) == [.message(tools)])
        guard case .message(let other)? = try give(LobbyTests.request("prompts/list", id: .int(6)), to: &lobby).first
        else {
            throw Missing()
        }
        #expect(other["error"]?["message"] == .string(advice))
        #expect(try give(["jsonrpc": "2.0", "method": "notifications/cancelled"], to: &lobby).isEmpty)
        #expect(try give(LobbyTests.initialized, to: &lobby).isEmpty)
        #expect(lobby.held.isEmpty)
    }

    @Test func aReasonThatIsKnownAlreadyIsInTheHandshake() throws {
        var lobby = Lobby(server: "serena", refusal: "because")
        guard case .message(let answer)? = try give(LobbyTests.initialize(), to: &lobby).first else { throw Missing() }
        #expect(answer["result"]?["instructions"] == "because")
        #expect(try give(LobbyTests.initialized, to: &lobby).isEmpty)
        guard case .message(let call)? = try give(LobbyTests.request("tools/call", id: .int(1)), to: &lobby).first
        else {
            throw Missing()
        }
        #expect(call["result"]?["content"]?.arrayValue?.first?["text"] == "because")
    }

    @Test func aRootThatTurnsOutUnusableAnswersNothingTwice() throws {
        var lobby = try asked()
        _ = try give(LobbyTests.request("tools/list", id: .int(1)), to: &lobby)
        _ = try give(LobbyTests.roots("file:///no/such/place"), to: &lobby)
        let answers = try seen(lobby.refuse("no such directory"))
        #expect(answers == [.message(["jsonrpc": "2.0", "id": .int(1), "result": ["tools": []]])])
    }

    @Test func pingIsAnsweredAtAnyTime() throws {
        let ping = LobbyTests.request("ping", id: "p")
        let pong: [Seen] = [.message(["jsonrpc": "2.0", "id": "p", "result": [:]])]
        var early = Lobby(server: "serena", refusal: nil)
        #expect(try give(ping, to: &early) == pong)
        var waiting = try asked()
        #expect(try give(ping, to: &waiting) == pong)
        #expect(try give(["jsonrpc": "2.0", "method": "ping"], to: &waiting).isEmpty)
    }

    @Test func whatIsNoMessageOrNoAnswerOfOursIsLeftOut() throws {
        var lobby = try asked()
        for line in [
            "", "{", "null", "17", #"{"id":7,"result":{}}"#, #"{"id":"mcp-supervisor-roots2","result":{}}"#,
        ] {
            #expect(lobby.receive(Array(line.utf8)).isEmpty, "\(line)")
        }
        #expect(lobby.held.count == 2)
    }

    @Test func theClientIsAskedOnce() throws {
        var lobby = try asked()
        #expect(try give(LobbyTests.initialized, to: &lobby).isEmpty)
        #expect(lobby.held.count == 2)
    }

    @Test func whatIsKeptHasALimit() throws {
        var lobby = try asked()
        let padding = String(repeating: "x", count: 1 << 20)
        func call(_ id: Int64) -> JSONValue {
            ["jsonrpc": "2.0", "id": .int(id), "method": "tools/call", "params": ["text": .string(padding)]]
        }
        for id: Int64 in 1...3 { #expect(try give(call(id), to: &lobby).isEmpty) }
        let answers = try give(call(4), to: &lobby)
        guard case .message(let answer)? = answers.first else { throw Missing() }
        #expect(answer["id"] == .int(4))
        #expect(answer["result"]?["isError"] == true)
        #expect(try give(LobbyTests.request("tools/list", id: .int(5)), to: &lobby).isEmpty)
        #expect(lobby.held.count == 6)
    }
}
