// SPDX-License-Identifier: Apache-2.0

import MCPWire

@testable import ToolSearch

/// A session with meta-tools between a client and a server that are both played by the test.
final class Conversation {
    var session: MetaToolSession
    var view: MetaToolView
    /// Lines that the server got, and the client.
    var toServer: [String] = []
    var toClient: [String] = []
    /// Requests that wait in the machine.
    var owed: [String] = []
    /// What a search answers; the test says what is similar, not the index.
    var ranking = Ranking(hits: [], confidence: .none, total: 3)
    var searched: [(query: String, limit: Int)] = []
    /// Searches whose ranking does not come yet, by ticket.
    var heldSearches: [UInt64]?
    /// Whether the list that comes was overtaken by a change.
    var isOvertaken = false
    private var nextID = 0

    init(
        _ options: MetaToolOptions = .on, tools: [String] = Conversation.tools, known: Bool = true,
        isResumed: Bool = false
    ) {
        session = MetaToolSession(options: options, isResumed: isResumed)
        let catalog = ToolCatalog(server: "serena", definitions: tools.map { Array($0.utf8) })
        view = MetaToolView(server: "serena", catalog: known ? catalog : nil, isFresh: known, instructions: "")
    }

    static let findSymbol = #"""
        {"name":"find_symbol","description":"Finds a symbol by name. Global or local.","inputSchema":{"type":"object",\#
        "properties":{"name_path":{"type":"string"},"depth":{"type":"integer"}},"required":["name_path"]},\#
        "annotations":{"readOnlyHint":true},"vendor":1.0}
        """#
    static let deleteMemory = #"""
        {"name":"delete_memory","description":"Deletes a memory.","inputSchema":{"type":"object",\#
        "properties":{"memory":{"type":"string"}},"required":["memory"]}}
        """#
    static let listMemories =
        #"{"name":"list_memories","description":"Lists memories.","inputSchema":{"type":"object"}}"#
    static let tools = [findSymbol, deleteMemory, listMemories]

    func client(_ line: String) {
        let bytes = Array(line.utf8)
        perform(session.receive(bytes.span, view), passing: line) { $0.toServer.append($1) }
    }

    func server(_ line: String) {
        let bytes = Array(line.utf8)
        perform(session.receiveFromServer(bytes.span, view), passing: line) { $0.toClient.append($1) }
    }

    private func perform(
        _ verdict: MetaToolVerdict, passing line: String, _ pass: (Conversation, String) -> Void
    ) {
        switch verdict {
        case .pass: pass(self, line)
        case .replaced(let steps): perform(steps)
        }
    }

    private func perform(_ steps: [MetaToolStep]) {
        for step in steps {
            switch step {
            case .toClient(let line): toClient.append(Self.text(line))
            case .toServer(let line): toServer.append(Self.text(line))
            case .search(let ticket, let query, let limit):
                searched.append((query, limit))
                guard heldSearches == nil else {
                    heldSearches?.append(ticket)
                    continue
                }
                perform(session.found(ranking, ticket: ticket, view))
            case .listChanged: view.isFresh = false
            case .owed(let id): owed.append(id.text)
            case .settled(let id, _): owed.firstIndex(of: id.text).map { _ = owed.remove(at: $0) }
            case .learned(let definitions):
                view.catalog = ToolCatalog(server: "serena", definitions: definitions)
                view.isFresh = !isOvertaken
                perform(session.catalogChanged(view))
            }
        }
    }

    /// The ranking of a held search comes.
    func rank(_ ticket: UInt64) { perform(session.found(ranking, ticket: ticket, view)) }

    /// The session has a backend of its own now, whose tools may be known.
    func move(knowing tools: [String]?) {
        view.catalog = tools.map { ToolCatalog(server: "serena", definitions: $0.map { Array($0.utf8) }) }
        view.isFresh = tools != nil
        perform(session.backendChanged(view))
    }

    /// A line without its newline, which it must have.
    private static func text(_ line: [UInt8]) -> String {
        precondition(line.last == 0x0A && !line.dropLast().contains(0x0A))
        return String(decoding: line.dropLast(), as: UTF8.self)
    }

    /// Calls a meta-tool (or any tool) and returns what the client got for it, if it got something.
    func call(_ tool: String, _ arguments: String) -> JSONValue? {
        nextID += 1
        client(
            #"{"jsonrpc":"2.0","id":\#(nextID),"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
        )
        let answer = toClient.last.flatMap { try? JSONValue(parsing: $0) }
        return answer?["id"]?.intValue == Int64(nextID) ? answer?["result"] : nil
    }

    /// The params of the last call that reached the server.
    var lastParams: JSONValue? { toServer.last.flatMap { try? JSONValue(parsing: $0) }?["params"] }

    static func hit(_ place: Int, _ score: Float = 0.5) -> Ranking.Hit {
        .init(position: place, score: score, lexical: 0, cosine: 0)
    }
}

extension MetaToolOptions {
    static var on: MetaToolOptions {
        var options = MetaToolOptions()
        options.mode = .on
        return options
    }

    static var auto: MetaToolOptions {
        var options = MetaToolOptions()
        options.mode = .auto
        return options
    }
}

extension JSONValue {
    var firstText: String { self["content"]?.arrayValue?.first?["text"]?.stringValue ?? "" }
}
