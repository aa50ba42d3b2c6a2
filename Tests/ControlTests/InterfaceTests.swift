// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Posix
import Testing

/// The Swift types against the `.varlink` text, which is the contract.
@Suite struct InterfaceTests {
    let text = VarlinkText(interfaceDescription)

    @Test func theEmbeddedTextIsTheFile() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try Files.read("/\(folder)/Sources/Control/Interface/io.mcpctl.Supervisor.varlink")
        #expect(String(decoding: file, as: UTF8.self) == interfaceDescription)
    }

    @Test func everyMethodIsInTheTextAndHasASample() {
        #expect(Set(text.methods.keys) == Set(ControlMethod.allCases.map(\.rawValue)))
        #expect(Samples.exchanges.map(\.method) == ControlMethod.allCases)
    }

    @Test(arguments: ControlMethod.allCases)
    func membersTheirOrderAndKindsAreThoseOfTheText(method: ControlMethod) throws {
        let exchange = try #require(Samples.exchanges.first { $0.method == method })
        let declared = try #require(text.methods[method.rawValue])
        #expect(text.faults(try exchange.encodedParameters(), as: declared.parameters) == [])
        #expect(text.faults(try exchange.encodedReply(), as: declared.reply) == [])
        #expect(try exchange.survivesTheWire())
    }

    @Test func theCheckItselfFindsFaults() throws {
        let declared = try #require(text.methods["Stop"]).parameters
        #expect(text.faults(["backend": 1], as: declared) != [])
        #expect(text.faults([:], as: declared) != [])
        #expect(text.faults(["backend": "x", "more": 1], as: declared) != [])
    }

    @Test func statesAndReasonsAreTheWordsOfTheText() throws {
        guard case .structure(let backend) = text.types["Backend"], case .structure(let exit) = text.types["Exit"]
        else { return #expect(Bool(false), "the text has no Backend or Exit") }
        #expect(backend.first { $0.name == "state" }?.type == .words(BackendState.allCases.map(\.rawValue)))
        #expect(backend.first { $0.name == "share" }?.type == .words(Sharing.allCases.map(\.rawValue)))
        #expect(
            exit.first { $0.name == "reason" }?.type
                == .words(["exit", "signal", "oom", "timeout", "limit", "stopped", "unknown"]))
    }

    static let errors: [ControlError] = [
        .noBackend("x"), .ambiguous("x", matches: ["xa", "xb"]), .noSession("s1"),
        .noServer("serna", known: ["serena"]), .invalidParameter(parameter: "p", reason: "r"), .refused(reason: "r"),
        .startFailed(backend: nil, reason: "r"), .limitsFailed(reason: "r"), .configurationFailed(reason: "r"),
        .draining(reason: "r"),
    ]

    @Test func everyErrorOfTheTextHasACase() {
        let names = Self.errors.map { $0.name.split(separator: ".").last.map(String.init) ?? "" }
        #expect(Set(names) == Set(text.errors.keys))
    }

    @Test(arguments: errors)
    func errorsHaveTheParametersOfTheTextAndComeBack(error: ControlError) throws {
        let name = try #require(error.name.split(separator: ".").last.map(String.init))
        let declared = try #require(text.errors[name])
        #expect(text.faults(.object(error.parameters), as: declared) == [])
        let reply = try VarlinkReply(parsing: Array(VarlinkReply(error).encoded().dropLast()))
        #expect(ControlError(name: reply.error ?? "", parameters: reply.parameters.objectValue ?? [:]) == error)
    }
}
