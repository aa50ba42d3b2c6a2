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
