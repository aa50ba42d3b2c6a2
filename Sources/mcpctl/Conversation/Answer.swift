// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire

/// An answer of the supervisor, as it came; read only where a human is to see it, so that `--json` prints even what
/// this version does not know.
struct Answer<Reply: Decodable> {
    let document: JSONValue
    let socket: String
    let method: String

    func reply() throws(ClientError) -> Reply {
        do {
            return try JSONCoding.decode(from: document)
        } catch {
            throw .broken(socket: socket, method: method, reason: "\(error)")
        }
    }

    /// The same answer, of which only some members are to be shown.
    func narrowed<Part: Decodable>(to part: Part.Type = Part.self, members: String...) -> Answer<Part> {
        let kept = (document.objectValue ?? JSONObject()).members.filter { members.contains($0.key) }
        return Answer<Part>(document: .object(JSONObject(members: kept)), socket: socket, method: method)
    }
}

extension CommonOptions {
    /// Calls a method on a connection of its own.
    ///
    /// - Parameter awaiting: what a human is told we wait for.
    func ask<Parameters: MethodParameters>(
        _ parameters: Parameters, patience: Patience = .facts, awaiting: String
    ) throws(ClientError) -> Answer<Parameters.Reply> {
        let call = try ControlClient.call(parameters, more: false)
        let socket = ControlPath.socket()
        var progress = Progress(awaiting: awaiting)
        defer { progress.finish() }
        var client = try ControlClient(path: socket)
        let document = try client.document(call, timeout: patience.seconds(timeout)) { progress.waited($0) }
        return Answer(document: document, socket: socket, method: call.method)
    }
}
