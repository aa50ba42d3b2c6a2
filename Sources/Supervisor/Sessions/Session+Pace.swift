// SPDX-License-Identifier: Apache-2.0

import Multiplexer

/// Clients that do not read what they are sent: first they are sent less, then they may not ask for more, and one that
/// reads nothing for too long is ended. Nobody else notices.
extension Session {
    /// To be called when something was sent.
    func noteSent() {
        guard let output else { return }
        if let pace = watch.sent(waiting: output.waiting, taken: output.written) { paceChanged(to: pace) }
        guard watch.pace == .isFull, output.waiting > Self.most(registry.configuration.clientLimits) else { return }
        endDeaf("\(output.waiting) bytes wait, more than output_queue_max and a message")
    }

    /// To be called when the client has read something.
    func noteRead() {
        guard watch.pace != .keepsUp, let output,
            let pace = watch.read(waiting: output.waiting, taken: output.written)
        else { return }
        paceChanged(to: pace)
    }

    /// The queue and one message over it: what was asked for before the client fell behind may still come.
    private static func most(_ limits: ClientLimits) -> Int64 {
        let (sum, overflow) = limits.outputQueue.addingReportingOverflow(limits.messageSize)
        return overflow ? .max : sum
    }

    private func paceChanged(to pace: ReaderPace) {
        if pace == .isFull {
            pause(.output)
            armPatience()
        } else {
            resume(.output)
            patience = nil
        }
        tellPace()
    }

    /// The machine is told; also of a client that it knew under a predecessor of ours.
    func tellPace() {
        for backend in [leaving, backend].compactMap(\.self) {
            backend.withMultiplexer { machine, now, actions in
                machine.readerChanged(id, to: watch.pace, now: now, into: &actions)
            }
        }
    }

    private func armPatience() {
        let time = registry.configuration.clientLimits.outputTimeout
        patience = registry.timer(milliseconds: time) { [unowned self] in
            patience = nil
            guard let output else { return }
            guard watch.isDeaf(taken: output.written) else { return armPatience() }
            endDeaf("\(output.waiting) bytes wait, and for \(time / 1000) s (output_timeout) it has read none of them")
        }
    }

    private func endDeaf(_ reason: String) {
        registry.log.warning("session \(id): its client does not read: \(reason); it is ended")
        end("the agent does not read")
    }
}
