// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Testing

@Suite struct VarlinkFramerTests {
    @Test func messagesComeOutWhateverTheChunks() throws {
        let stream = Array("first\0\0second\0third".utf8)
        for size in 1...stream.count {
            var framer = VarlinkFramer()
            var messages: [String] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                framer.append(Array(stream[start..<min(start + size, stream.count)]))
                while let message = try framer.next() {
                    messages.append(String(decoding: message, as: UTF8.self))
                }
            }
            #expect(messages == ["first", "", "second"])
            #expect(framer.isMidMessage)
        }
    }

    @Test func aSpanIsTakenLikeAnArray() throws {
        var framer = VarlinkFramer()
        let bytes: [UInt8] = [65, 0]
        framer.append(bytes.span)
        #expect(try framer.next() == [65])
        #expect(try framer.next() == nil)
        #expect(!framer.isMidMessage)
    }

    @Test func theLimitHoldsForWholeAndForUnfinishedMessages() throws {
        var whole = VarlinkFramer(limit: 4)
        whole.append(Array("1234\0".utf8))
        #expect(try whole.next()?.count == 4)
        whole.append(Array("12345\0".utf8))
        #expect(throws: VarlinkError.self) { _ = try whole.next() }
        var unfinished = VarlinkFramer(limit: 4)
        unfinished.append(Array("12345".utf8))
        #expect(throws: VarlinkError.self) { _ = try unfinished.next() }
    }
}

@Suite struct VarlinkMessageTests {
    private func call(_ text: String) throws -> VarlinkCall { try VarlinkCall(parsing: Array(text.utf8)) }
    private func reply(_ text: String) throws -> VarlinkReply { try VarlinkReply(parsing: Array(text.utf8)) }

    @Test func aCallIsReadWithItsFlags() throws {
        let full = try call(#"{"method":"io.mcpctl.Supervisor.Stop","parameters":{"backend":"x"},"more":true}"#)
        #expect(full.more && !full.oneway)
        #expect(full.controlMethod == .stop)
        #expect(try full.decoded(as: StopParameters.self) == StopParameters(backend: "x"))
    }

    @Test func parametersMayBeAbsentOrNull() throws {
        #expect(try call(#"{"method":"a.B"}"#).parameters == [:])
        #expect(try call(#"{"method":"a.B","parameters":null}"#).parameters == [:])
        #expect(try reply("{}").parameters == [:])
    }

    @Test func methodsOfOthersAreNotOurs() throws {
        #expect(try call(#"{"method":"org.varlink.service.GetInfo"}"#).controlMethod == nil)
        #expect(try call(#"{"method":"Status"}"#).controlMethod == nil)
        #expect(try call(#"{"method":"io.mcpctl.Supervisor."}"#).controlMethod == nil)
        #expect(try call(#"{"method":"io.mcpctl.Supervisor.X.Status"}"#).controlMethod == nil)
    }

    @Test(arguments: ["", "[]", "{", #"{"method":1}"#, #"{"parameters":{}}"#, #"{"method":"a.B","parameters":[]}"#])
    func whatIsNoCallIsRefused(text: String) {
        #expect(throws: VarlinkError.self) { _ = try call(text) }
    }

    @Test(arguments: ["", "[]", #"{"error":1}"#, #"{"parameters":"x"}"#])
    func whatIsNoReplyIsRefused(text: String) {
        #expect(throws: VarlinkError.self) { _ = try reply(text) }
    }

    @Test func messagesEndInTheOnlyNul() throws {
        let bytes = try VarlinkCall(StopParameters(backend: "a\u{0}b"), more: true).encoded()
        #expect(bytes.last == 0 && bytes.filter { $0 == 0 }.count == 1)
        let again = try VarlinkCall(parsing: Array(bytes.dropLast()))
        #expect(try again.decoded(as: StopParameters.self).backend == "a\u{0}b")
    }

    @Test func wrongParametersAreRefusedByName() throws {
        let wrong = try call(#"{"method":"io.mcpctl.Supervisor.Stop","parameters":{"backend":7}}"#)
        let error = #expect(throws: ControlError.self) { _ = try wrong.decoded(as: StopParameters.self) }
        guard case .invalidParameter("backend", let reason) = error else {
            return #expect(Bool(false), "\(error as Any)")
        }
        #expect(reason.contains("expected a string, found the number 7"))
    }
}

@Suite struct VarlinkServiceTests {
    private func answer(_ method: String, _ parameters: JSONValue = [:]) -> VarlinkReply? {
        VarlinkService.answer(VarlinkCall(method: method, parameters: parameters))
    }

    @Test func itSaysWhatItIs() {
        #expect(
            answer("org.varlink.service.GetInfo")?.parameters == [
                "vendor": "mcp-supervisor", "product": "mcp-supervisor", "version": "0.1.0",
                "url": "man:mcp-supervisor(8)", "interfaces": ["org.varlink.service", "io.mcpctl.Supervisor"],
            ])
    }

    @Test func itDescribesBothInterfacesAndNoOther() {
        let method = VarlinkService.getInterfaceDescription
        for name in VarlinkService.info.interfaces {
            let text = answer(method, ["interface": .string(name)])?.parameters["description"]?.stringValue
            #expect(text?.contains("\ninterface \(name)\n") == true)
        }
        #expect(answer(method, ["interface": "a.b"])?.error == "org.varlink.service.InterfaceNotFound")
        #expect(answer(method)?.error == "org.varlink.service.InvalidParameter")
        #expect(answer(method)?.parameters == ["parameter": "interface"])
    }

    @Test func theRestIsNotFoundOrNotItsOwn() {
        #expect(answer("org.varlink.service.Nothing")?.error == "org.varlink.service.MethodNotFound")
        #expect(answer("io.mcpctl.Supervisor.Status") == nil)
    }
}
