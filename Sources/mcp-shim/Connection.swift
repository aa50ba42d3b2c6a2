// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A connection to the control socket.
struct Connection: ~Copyable {
    /// Replies are small; the largest part of one is a resume value of at most 16 KB.
    private static let maximumReply = 64 * 1024
    /// How long a supervisor may leave a message of ours unread.
    private static let sendSeconds: Int32 = 10

    private let socket: Descriptor
    private var received: [UInt8] = []

    var raw: Int32 { socket.raw }

    enum Received {
        case reply(Reply)
        /// The other end is gone.
        case lost
        /// Nothing came in time.
        case silence
    }

    /// Connects to `path`, or gives nil when nobody listens there: no such file, or a file that a dead supervisor left.
    /// A socket unit in the failed state refuses connections too.
    static func open(_ path: String) throws(Failure) -> Connection? {
        guard let socket = Descriptor(owning: cposix_unix_stream_socket()) else {
            throw Failure("cannot make a socket", errno: cposix_errno())
        }
        cposix_set_send_timeout(socket.raw, sendSeconds)
        while cposix_connect_unix(socket.raw, path) < 0 {
            switch cposix_errno() {
            case EINTR: continue
            case ENOENT, ECONNREFUSED: return nil
            case EAGAIN: throw Failure("mcp-supervisor at " + path + " takes no connections; is it stopped?")
            case let code: throw Failure("cannot connect to mcp-supervisor at " + path, errno: code)
            }
        }
        try checkPeer(socket.raw, path)
        return Connection(socket: socket)
    }

    private init(socket: consuming Descriptor) {
        self.socket = socket
    }

    /// Our environment holds secrets, so it goes to nobody else. Root's own processes are refused as well: what listens
    /// there is not what the user runs.
    private static func checkPeer(_ descriptor: Int32, _ path: String) throws(Failure) {
        var pid: pid_t = 0
        var uid: uid_t = 0
        guard cposix_peer_credentials(descriptor, &pid, &uid) == 0 else {
            throw Failure("cannot tell who listens at " + path, errno: cposix_errno())
        }
        guard uid == geteuid() else { throw Failure("what listens at " + path + " belongs to user " + String(uid)) }
    }

    /// Sends all of `message`; the descriptors go with its first bytes. False when the other end is gone.
    func send(_ message: [UInt8], descriptors: [Int32]) throws(Failure) -> Bool {
        var sent = 0
        while sent < message.count {
            let count = message.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                guard let start = rest.baseAddress else { return 0 }
                return cposix_send_descriptors(
                    raw, start, rest.count, descriptors, sent == 0 ? Int32(descriptors.count) : 0)
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch cposix_errno() {
            case EINTR: continue
            case EPIPE, ECONNRESET: return false
            case EAGAIN: throw Failure("mcp-supervisor does not read what it is sent; is it stopped?")
            case let code: throw Failure("cannot send to mcp-supervisor", errno: code)
            }
        }
        return true
    }

    /// The next reply, as soon as it is complete.
    /// - Parameter milliseconds: how long to wait for more bytes each time; 0 for what is there already.
    mutating func receive(within milliseconds: Int32) throws(Failure) -> Received {
        while true {
            if let reply = try nextBuffered() { return .reply(reply) }
            guard wait(milliseconds) else { return .silence }
            guard readMore() else { return .lost }
            guard received.count <= Connection.maximumReply else {
                throw Failure("mcp-supervisor sent a reply of more than 64 KB")
            }
        }
    }

    /// What has come by now; nothing more can. A supervisor that answers later finds nobody to tell, and lets the session
    /// go before it reads the agent; one that answered just now may have begun to, so its answer counts, and the
    /// connection ends behind it.
    mutating func receiveLast() throws(Failure) -> Received {
        let before = try receive(within: 0)
        guard case .silence = before else { return before }
        shutdown(raw, Int32(SHUT_RD))
        let last = try receive(within: 0)
        if case .lost = last { return .silence }
        return last
    }

    private mutating func nextBuffered() throws(Failure) -> Reply? {
        guard let end = received.firstIndex(of: 0) else { return nil }
        let message = Array(received[..<end])
        received = Array(received[(end + 1)...])
        do {
            return try Reply(parsing: message)
        } catch {
            throw Failure("mcp-supervisor sent something that is not a reply (byte " + String(error.offset) + ")")
        }
    }

    private func wait(_ milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&entry, 1, milliseconds)
            if count < 0, cposix_errno() == EINTR { continue }
            return count != 0
        }
    }

    /// False at the end, in whichever way it came.
    private mutating func readMore() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = recv(raw, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 { return cposix_errno() == EINTR || cposix_errno() == EAGAIN }
            received.append(contentsOf: buffer[..<count])
            return count > 0
        }
    }
}
