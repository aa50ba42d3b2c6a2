// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// The words of revision 2026-07-28, for tests.
enum Modern {
    static let version = #""io.modelcontextprotocol/protocolVersion":"2026-07-28""#
    static let info = #""io.modelcontextprotocol/clientInfo":{"name":"m","version":"2"}"#
    static let server = #""_meta":{"io.modelcontextprotocol/serverInfo":{"name":"fake","version":"1"}}"#
    static let complete = #""resultType":"complete""#
    static let uncached = #""ttlMs":0,"cacheScope":"private""#
    static let discover =
        #"{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"extensions":{"io.modelcontextprotocol/tasks":{},"v/x":{}}},"instructions":"do","resultType":"complete","ttlMs":0,"cacheScope":"private",\#(server)}"#

    static func capabilities(_ text: String) -> String {
        #""io.modelcontextprotocol/clientCapabilities":\#(text)"#
    }

    /// A request; `params` are members with a comma in front, or nothing.
    static func request(
        _ id: String, _ method: String, _ params: String = "", capabilities: String = "{}", meta: String = ""
    ) -> String {
        let all = "\(version),\(self.capabilities(capabilities)),\(info)\(meta)"
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{"_meta":{\#(all)}\#(params)}}"#
    }

    static func listen(_ id: String, _ filter: String) -> String {
        request(id, "subscriptions/listen", #","notifications":\#(filter)"#)
    }

    /// `"_meta":{…}` of a message of a listen's stream.
    static func tag(_ id: String) -> String { #""_meta":{"io.modelcontextprotocol/subscriptionId":\#(id)}"# }
}

extension Bench {
    /// A session that never shakes hands, beside one that brought the backend up.
    mutating func connectModern(_ session: SessionID) {
        if !mux.isReady {
            open(99)
            client(99, Bench.initialize())
            runBackend()
            close(99)
        }
        open(session)
        backendReceived = []
        orders = []
        received = [:]
    }

    /// A backend of the stateless era, up and quiet.
    mutating func runModernBackend(discover: String = Modern.discover) {
        startBackend()
        guard let id = backendID("server/discover") else { return }
        backend(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(discover)}"#)
    }

    /// The last message to the backend, as a tree.
    func lastToBackend() -> JSONValue? { backendReceived.last.flatMap { try? JSONValue(parsing: $0) } }
}
