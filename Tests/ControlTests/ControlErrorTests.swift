// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Testing

@Suite struct ControlErrorTests {
    @Test(arguments: [
        ControlError.interfaceNotFound(interface: "a"), .methodNotFound(method: "b"), .notYet(.wake),
        .parameterRefused(parameter: "p"), .permissionDenied, .expectedMore,
    ])
    func thoseOfTheServiceComeBack(error: ControlError) {
        #expect(ControlError(name: error.name, parameters: error.parameters) == error)
    }

    @Test func anUnknownOrIncompleteErrorIsKept() {
        let unknown = ControlError(name: "io.mcpctl.Supervisor.New", parameters: ["reason": "r"])
        #expect(unknown == .other(name: "io.mcpctl.Supervisor.New", parameters: ["reason": "r"]))
        let incomplete = ControlError(name: "io.mcpctl.Supervisor.Refused", parameters: [:])
        #expect(incomplete == .other(name: "io.mcpctl.Supervisor.Refused", parameters: [:]))
        #expect(ControlError(name: "other.Error", parameters: [:]).name == "other.Error")
    }

    @Test func exitStatusesAreTheDocumentedOnes() {
        #expect(ClientError.refused(.noBackend("x")).exitStatus == 3)
        #expect(ClientError.refused(.noSession("x")).exitStatus == 3)
        #expect(ClientError.refused(.noServer("x", known: [])).exitStatus == 3)
        #expect(ClientError.refused(.refused(reason: "r")).exitStatus == 1)
        #expect(ClientError.noSupervisor(socket: "/s", reason: "r").exitStatus == 69)
        #expect(ClientError.timedOut(socket: "/s", method: "m", seconds: 1).exitStatus == 69)
    }

    @Test func everyTextIsOneLineWithoutAStop() {
        for error in InterfaceTests.errors + [.notYet(.wake), .permissionDenied, .expectedMore] {
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
            #expect(!error.description.hasSuffix("."))
        }
        #expect("\(ControlError.noServer("serna", known: ["serena"]))".contains("did you mean 'serena'"))
    }
}
