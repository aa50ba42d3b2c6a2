// SPDX-License-Identifier: Apache-2.0
public import MCPWire
import Posix

/// One connection to the supervisor, for a program that waits for each answer.
public struct ControlClient: ~Copyable {
    /// What a reply may have at most: a long tool result is far below it.
    public static let replyLimit = 64 << 20

    /// The socket it is connected to.
    public let path: String
    let socket: BlockingSocket
    private var framer = VarlinkFramer(limit: ControlClient.replyLimit)

    /// Connects.
    ///
    /// - Parameter milliseconds: how long to wait for a listener whose queue is full.
    /// - Throws: ``ClientError/noSupervisor(socket:reason:)``.
    public init(path: String, milliseconds: Int = 800) throws(ClientError) {
        let connected: BlockingSocket
        do {
            connected = try BlockingSocket(path: path, milliseconds: milliseconds)
        } catch {
            throw .noSupervisor(socket: path, reason: Self.reason(error.code))
        }
        // In /tmp anybody could listen, and what is sent may hold secrets: an environment.
        let owner = try? connected.peer().uid
        guard owner == OwnProcess.uid else {
            throw .noSupervisor(
                socket: path, reason: "it belongs to another user" + (owner.map { " (uid \($0))" } ?? ""))
        }
        self.path = path
        socket = connected
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ConnectFailure.absent: "there is no such socket"
        case ConnectFailure.refused: "nobody listens there any more"
        case ConnectFailure.busy: "it takes no connection"
        default: PosixError.text(of: code)
        }
    }

    /// Calls a method and waits for its one answer.
    ///
    /// - Parameters:
    ///   - timeout: seconds until it is given up.
    ///   - whileWaiting: told about ten times a second how many milliseconds have passed.
    public mutating func call<Parameters: MethodParameters>(
        _ parameters: Parameters, timeout: Int = 60, whileWaiting: (Int) -> Void = { _ in }
    ) throws(ClientError) -> Parameters.Reply {
        let call = try Self.call(parameters, more: false)
        let document = try document(call, timeout: timeout, whileWaiting: whileWaiting)
        return try decode(document, for: Parameters.self)
    }

    /// The same for any Varlink call, with the answer's parameters as they came.
    public mutating func document(
        _ call: VarlinkCall, timeout: Int = 60, whileWaiting: (Int) -> Void = { _ in }
    ) throws(ClientError) -> JSONValue {
        try send(call, timeout: timeout)
        return try receive(call.method, timeout: timeout, whileWaiting: whileWaiting).parameters
    }

    /// Calls a method with `more` and hands every answer over, without a limit of time, until the last one or until
    /// the body returns `false`.
    public mutating func stream<Parameters: MethodParameters>(
        _ parameters: Parameters, _ body: (Parameters.Reply) -> Bool
    ) throws(ClientError) {
        let call = try Self.call(parameters, more: true)
        try send(call, timeout: 60)
        while true {
            let reply = try receive(call.method, timeout: nil, whileWaiting: { _ in })
            guard try body(decode(reply.parameters, for: Parameters.self)), reply.continues else { return }
        }
    }

    /// An answer as its type.
    public borrowing func decode<Parameters: MethodParameters>(
        _ document: JSONValue, for type: Parameters.Type
    ) throws(ClientError) -> Parameters.Reply {
        do {
            return try JSONCoding.decode(from: document)
        } catch {
            throw .broken(socket: path, method: Parameters.method.qualifiedName, reason: "\(error)")
        }
    }

    /// The wire form of a call.
    ///
    /// - Throws: ``ClientError/unsendable(method:reason:)``.
    public static func call<Parameters: MethodParameters>(
        _ parameters: Parameters, more: Bool
    ) throws(ClientError) -> VarlinkCall {
        do {
            return try VarlinkCall(parameters, more: more)
        } catch {
            throw .unsendable(method: Parameters.method.qualifiedName, reason: "\(error)")
        }
    }

    borrowing func send(_ call: VarlinkCall, timeout: Int) throws(ClientError) {
        do {
            try socket.send(call.encoded(), milliseconds: timeout * 1000)
        } catch {
            throw error.code == ConnectFailure.busy
                ? .timedOut(socket: path, method: call.method, seconds: timeout)
                : .lost(socket: path, method: call.method)
        }
    }

    private mutating func receive(
        _ method: String, timeout: Int?, whileWaiting: (Int) -> Void
    ) throws(ClientError) -> VarlinkReply {
        let start = Clock.monotonicMilliseconds()
        while true {
            if let reply = try nextReply(method) { return reply }
            let waited = Int(Clock.monotonicMilliseconds() - start)
            if let timeout, waited >= timeout * 1000 {
                throw .timedOut(socket: path, method: method, seconds: timeout)
            }
            let step = timeout.map { min(100, $0 * 1000 - waited) } ?? 100
            whileWaiting(waited)
            try receiveBytes(method, milliseconds: step)
        }
    }

    mutating func receiveBytes(_ method: String, milliseconds: Int) throws(ClientError) {
        let reception: Reception
        do {
            reception = try socket.receive(milliseconds: milliseconds)
        } catch {
            throw .broken(socket: path, method: method, reason: "\(error)")
        }
        switch reception {
        case .bytes(let bytes): framer.append(bytes)
        case .timedOut: break
        case .end: throw .lost(socket: path, method: method)
        }
    }

    mutating func nextReply(_ method: String) throws(ClientError) -> VarlinkReply? {
        let reply: VarlinkReply
        do throws(VarlinkError) {
            guard let message = try framer.next() else { return nil }
            reply = try VarlinkReply(parsing: message)
        } catch {
            throw .broken(socket: path, method: method, reason: "\(error)")
        }
        guard let name = reply.error else { return reply }
        throw .refused(ControlError(name: name, parameters: reply.parameters.objectValue ?? JSONObject()))
    }
}
