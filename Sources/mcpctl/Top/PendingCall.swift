// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Posix

/// A call whose answer is awaited beside other things, on a connection of its own.
struct PendingCall: ~Copyable {
    /// Monotonic milliseconds.
    let since: Int64
    private let method: String
    private var client: ControlClient

    init(_ parameters: some MethodParameters) throws(ClientError) {
        let call = try ControlClient.call(parameters, more: false)
        var connected = try ControlClient(path: ControlPath.socket())
        try connected.begin(call)
        client = connected
        method = call.method
        since = Clock.monotonicMilliseconds()
    }

    var descriptor: Int32 { client.descriptor }

    /// `nil` while it is not there.
    mutating func answer<Reply: Decodable>(as type: Reply.Type) throws(ClientError) -> Reply? {
        guard let document = try client.answer(to: method) else { return nil }
        do {
            return try JSONCoding.decode(from: document)
        } catch {
            throw .broken(socket: client.path, method: method, reason: "\(error)")
        }
    }
}
