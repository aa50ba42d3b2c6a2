// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Multiplexer

@Suite struct UnknownRequestTests {
    private let request = #"{"jsonrpc":"2.0","id":"x","method":"vendor/do","params":{}}"#

    @Test func theyPassUnlessConfigured() {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, request)
        #expect(bench.backendReceived.last?.contains("vendor/do") == true)
    }

    /// A server that goes by the method alone would do as it is told, whoever it belongs to.
    @Test(arguments: ["tools/call", "tasks/cancel", "logging/setLevel", "resources/unsubscribe", "initialize"])
    func aRequestWithoutAnIDIsNothing(method: String) {
        var bench = Bench { $0.denyTools = ["rm"] }
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","method":"\#(method)","params":{"name":"rm","taskId":"t"}}"#)
        #expect(bench.backendReceived.isEmpty && bench.take(1).isEmpty)
    }

    @Test(arguments: ["notifications/cancelled", "notifications/progress", "notifications/roots/list_changed"])
    func aNotificationWithAnIDIsRefused(method: String) {
        var bench = Bench()
        bench.connect(1)
        bench.client(1, #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{"requestId":5,"progressToken":1}}"#)
        #expect(bench.backendReceived.isEmpty)
        let text = "Method not found: \(method)"
        #expect(bench.take(1) == [#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"\#(text)"}}"#])
    }

    @Test func refusedTheyAreAnsweredByUs() {
        var bench = Bench { $0.unknownRequests = .refuse }
        bench.connect(1)
        bench.client(1, request)
        #expect(bench.backendReceived == [])
        let expected = #"{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"Method not found: vendor/do"}}"#
        #expect(bench.take(1) == [expected])
        bench.client(1, #"{"jsonrpc":"2.0","id":2,"method":"prompts/get","params":{"name":"p"}}"#)
        #expect(bench.backendReceived.count == 1)
    }
}
