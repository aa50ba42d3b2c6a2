// SPDX-License-Identifier: Apache-2.0

import Control
import Posix

/// Answers the methods of `io.mcpctl.Supervisor`.
final class ControlService {
    unowned let registry: Registry

    init(registry: Registry) {
        self.registry = registry
    }

    /// Methods with more than one reply, handled at once. A caller who takes none has nothing of them.
    func handleStream(_ call: VarlinkCall, _ connection: ControlConnection) {
        do throws(ControlError) {
            guard call.more, !call.oneway else { throw .expectedMore }
            if call.controlMethod == .attach { return try attach(call.decoded(), connection) }
            guard connection.subscription == nil else {
                throw .refused(reason: "this connection is subscribed already; use another one")
            }
            let number = registry.events.subscribe { [weak connection] event in
                connection?.send(event, continues: true)
            }
            connection.subscribed(number)
        } catch {
            if !call.oneway { connection.send(VarlinkReply(error)) }
        }
    }

    /// Methods with one reply.
    func reply(to call: VarlinkCall) async -> VarlinkReply {
        if let standard = VarlinkService.answer(call) { return standard }
        guard let method = call.controlMethod else { return VarlinkReply(.methodNotFound(method: call.method)) }
        do throws(ControlError) {
            return try await reply(to: method, call)
        } catch {
            return VarlinkReply(error)
        }
    }

    private func reply(to method: ControlMethod, _ call: VarlinkCall) async throws(ControlError) -> VarlinkReply {
        switch method {
        case .attach, .subscribe: throw .expectedMore
        case .request: try encoded(await request(call.decoded()))
        case .release: try encoded(await release(call.decoded()))
        case .status: try encoded(await status(call.decoded()))
        case .stop: try encoded(await stop(call.decoded()))
        case .restart: try encoded(await restart(call.decoded()))
        case .hibernate: try encoded(await hibernate(call.decoded()))
        case .wake: try encoded(await wake(call.decoded()))
        case .trust: try encoded(await trust(call.decoded()))
        case .setLimits: try encoded(await setLimits(call.decoded()))
        case .logs: try encoded(logs(call.decoded()))
        case .why: try encoded(why(call.decoded()))
        case .tools: try encoded(await tools(call.decoded()))
        case .call: try encoded(await self.call(call.decoded()))
        case .stats: try encoded(stats())
        case .reload: try encoded(reload())
        case .drain: try encoded(drain())
        }
    }

    private func encoded(_ reply: some Encodable) throws(ControlError) -> VarlinkReply {
        do {
            return try VarlinkReply(reply)
        } catch {
            throw .refused(reason: "the answer cannot be written down: \(error)")
        }
    }

    private func reload() throws(ControlError) -> ReloadReply {
        do {
            return ReloadReply(files: try registry.reload())
        } catch {
            throw .configurationFailed(reason: "\(error); the running configuration stays in force")
        }
    }

    private func drain() -> EmptyReply {
        registry.isDraining = true
        registry.log.notice("draining: no new sessions; the end comes with the last one")
        registry.becameQuiet()
        return EmptyReply()
    }
}
