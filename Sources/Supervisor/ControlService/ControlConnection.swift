// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Posix
import Systemd

/// One connection on the control socket: calls in, replies out, in order.
final class ControlConnection: StreamHandler {
    let peer: PeerCredentials
    private unowned let registry: Registry
    private let service: ControlService
    private let socket: Int32
    private var output: OutputStream?
    /// An `Attach` carries a whole environment, and environments of megabytes exist.
    private var framer = VarlinkFramer(limit: 4 << 20)
    private var token: StreamToken?
    /// Descriptors that came with bytes of a message that is not complete yet.
    private var descriptors: [Int32] = []
    private var calls: [WaitingCall] = []
    /// Those of the call that is being answered.
    private var handed: [Int32] = []
    private var isBusy = false
    private var greeting: EventSource?
    private(set) var subscription: Int?
    /// Takes itself back when it ends.
    private(set) unowned var session: Session?
    var onClosed: ((ControlConnection) -> Void)?
    /// What it is answered with, whatever it asks.
    var refusal: ControlError?
    private var isClosed = false

    /// Milliseconds that a connection may stay silent before its first call.
    static let patience: Int64 = 10_000
    /// Bytes that may wait for the peer. Beyond, its calls wait until it has read; for events there is no waiting. What is
    /// larger than this is one answer, and the last one.
    static let outputLimit = 4 << 20

    init(
        _ accepted: consuming Descriptor, peer: PeerCredentials, registry: Registry, service: ControlService
    ) throws(PosixError) {
        self.peer = peer
        self.registry = registry
        self.service = service
        socket = accepted.raw
        let reading = try accepted.duplicate()
        readingEnd = reading
        output = try OutputStream(ByteStream(own: accepted), loop: registry.streams) { [unowned self] in close() }
        output?.onDrained = { [unowned self] in handleNext() }
        token = try registry.streams.add(readingEnd.raw, .readable, self)
        greeting = registry.timer(milliseconds: ControlConnection.patience) { [unowned self] in close() }
    }

    private let readingEnd: Descriptor

    func ready(_ readiness: Readiness) {
        do {
            guard let received = try registry.streams.buffer.receive(readingEnd.raw) else { return }
            descriptors += received.descriptors
            guard received.count > 0 else { return close() }
            if received.truncated || descriptors.count > 8 {
                return refuse("a message came with too many descriptors")
            }
            registry.streams.buffer.withBytes(received.count) { framer.append($0) }
            while !isClosed, let message = try framer.next() { take(try VarlinkCall(parsing: message)) }
            // They came with a call that takes none.
            if !framer.isMidMessage { closeDescriptors() }
        } catch {
            refuse("\(error)")
        }
    }

    /// A peer that does not speak Varlink cannot be answered in it: the reason goes to the log, the connection ends.
    private func refuse(_ reason: String) {
        registry.log.warning("closed the control connection of process \(peer.pid): \(reason)")
        close()
    }

    private func take(_ call: VarlinkCall) {
        greeting = nil
        if let refusal {
            if !call.oneway { send(VarlinkReply(refusal)) }
            return close()
        }
        guard calls.count < 64 else { return refuse("more than 64 calls wait for their answer") }
        var waiting = WaitingCall(call: call)
        if call.controlMethod == .attach { swap(&waiting.descriptors, &descriptors) }
        calls.append(waiting)
        handleNext()
    }

    private func handleNext() {
        while !isBusy, !isClosed, !calls.isEmpty, !isBehind {
            let next = calls.removeFirst()
            if next.isStream { begin(next) } else { answer(next.call) }
        }
    }

    /// What more than one reply may follow keeps nothing waiting.
    private func begin(_ stream: WaitingCall) {
        handed = stream.descriptors
        service.handleStream(stream.call, self)
        Self.close(&handed)
    }

    private func answer(_ call: VarlinkCall) {
        isBusy = true
        registry.inBackground {
            let reply = await self.service.reply(to: call)
            if !call.oneway { self.send(reply) }
            self.isBusy = false
            self.handleNext()
        }
    }

    private var isBehind: Bool { (output?.waiting ?? 0) > ControlConnection.outputLimit }

    func send(_ reply: VarlinkReply) {
        guard let output, !isClosed else { return }
        guard !isBehind else {
            return refuse("it does not read: \(output.waiting) bytes of answers and events wait for it")
        }
        output.send(reply.encoded()[...])
    }

    /// A reply that is a value of ours; one that cannot be written down is an error of ours.
    func send(_ reply: some Encodable, continues: Bool) {
        do {
            send(try VarlinkReply(reply, continues: continues))
        } catch {
            registry.log.error("cannot answer process \(peer.pid): \(error)")
            close()
        }
    }

    /// The descriptors that came with the call, if there are exactly as many as it needs. The caller owns them.
    func takeDescriptors(_ count: Int) -> [Int32]? {
        guard handed.count == count else { return nil }
        defer { handed = [] }
        return handed
    }

    private func closeDescriptors() { Self.close(&descriptors) }

    private static func close(_ descriptors: inout [Int32]) {
        for descriptor in descriptors { _ = Descriptor(owning: descriptor) }
        descriptors = []
    }

    private func dropCalls() {
        for index in calls.indices { Self.close(&calls[index].descriptors) }
        calls = []
    }

    /// - Parameter session: `nil` when it could not begin after all.
    func attached(_ session: Session?) { self.session = session }

    func subscribed(_ number: Int) { subscription = number }

    func sessionChanged(_ id: SessionID, resume: String) {
        send(AttachReply.attached(session: "\(id)", resume: resume), continues: true)
        // Before the client can hear of it: whoever comes after us has it from the shim alone.
        output?.hurry()
    }

    func sessionEnded(_ id: SessionID, reason: String) {
        session = nil
        send(AttachReply.ended(session: "\(id)", reason: reason), continues: false)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        greeting = nil
        if let token { registry.streams.remove(token) }
        token = nil
        output?.flush()
        output?.close()
        closeDescriptors()
        dropCalls()
        if let subscription { registry.events.unsubscribe(subscription) }
        session?.end("the shim is gone")
        onClosed?(self)
    }

    deinit {
        closeDescriptors()
        dropCalls()
    }
}

/// A call whose turn has not come, with the descriptors that came with it.
private struct WaitingCall {
    let call: VarlinkCall
    var descriptors: [Int32] = []

    /// Whether more than one reply may follow.
    var isStream: Bool { call.controlMethod == .attach || call.controlMethod == .subscribe }
}
