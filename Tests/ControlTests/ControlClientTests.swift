// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Posix
import Testing

@Suite struct ControlClientTests {
    /// A listener whose queue holds the connection: nothing has to accept for a client to connect and send.
    private func withListener(_ body: (String, borrowing Descriptor) throws -> Void) throws {
        let path = "/tmp/control-client-\(OwnProcess.pid)-\(UInt32.random(in: 0 ... .max))"
        defer { Files.remove(path) }
        try body(path, UnixSocket.listen(at: path))
    }

    @Test func nobodyThereIsSaidWithTheSocket() {
        let error = #expect(throws: ClientError.self) { _ = try ControlClient(path: "/nonexistent/socket").path }
        #expect(error == .noSupervisor(socket: "/nonexistent/socket", reason: "there is no such socket"))
    }

    @Test func aSilentSupervisorIsGivenUpAndTheWaitIsTold() throws {
        try withListener { path, _ in
            var client = try ControlClient(path: path)
            var told = 0
            let error = #expect(throws: ClientError.self) {
                _ = try client.call(StatusParameters(), timeout: 1) { _ in told += 1 }
            }
            #expect(error == .timedOut(socket: path, method: ControlMethod.status.qualifiedName, seconds: 1))
            #expect(told >= 5)
        }
    }
}
