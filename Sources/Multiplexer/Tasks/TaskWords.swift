// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What a request at the backend has to do with tasks.
enum TaskRole: Sendable, Codable {
    /// It asks to be made a task, or may be.
    case creating
    /// It is about this task.
    case about(String)
    /// It waits for what this task brings, and is answered when the task is over.
    case result(String)
    /// It asks for all tasks: what earlier pages said of the caller's own, and how many there were.
    case listing(own: [UInt8], pages: Int)
}

/// The parts of messages that tell of tasks.
enum TaskWords {
    static let relatedTask = "io.modelcontextprotocol/related-task"
    static let extensionName = "io.modelcontextprotocol/tasks"
    private static let finalStates = ["completed", "failed", "cancelled"]

    /// The task that a message's parameters name. A name that is there twice is none: peers disagree about which counts.
    static func id(in params: Span<UInt8>) -> String? {
        var scanner = JSONScanner()
        var found: Range<Int>?
        do {
            guard try scanner.opens(params, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return nil }
            repeat {
                let key = try scanner.skipName(params).range
                let value = try scanner.skipValue(params).range
                guard String(token: key.lowerBound - 1..<key.upperBound + 1, of: params) == "taskId" else { continue }
                guard found == nil else { return nil }
                found = value
            } while try scanner.continues(params, until: UInt8(ascii: "}"))
        } catch { return nil }
        return found.flatMap { String(token: $0, of: params) }
    }

    /// The task that a message says it belongs to.
    static func related(_ line: Span<UInt8>, _ envelope: borrowing Envelope) -> String? {
        guard envelope.params.meta.kind == .object else { return nil }
        let meta = line.extracting(envelope.params.meta.range)
        guard let range = memberRange(relatedTask, in: meta) else { return nil }
        return id(in: meta.extracting(range))
    }

    /// The task that a result creates: a member of it in the handshake era, the result itself in the stateless one.
    static func created(in result: Span<UInt8>, era: BackendEra) -> (id: String, task: [UInt8])? {
        let task =
            era == .modern ? copy(result, 0..<result.count) : memberRange("task", in: result).map { copy(result, $0) }
        guard let task, let id = id(in: task.span) else { return nil }
        return (id, task)
    }

    /// Whether a task that is described so has ended.
    static func isOver(_ task: Span<UInt8>) -> Bool {
        let status = memberRange("status", in: task).flatMap { String(token: $0, of: task) }
        return status.map(finalStates.contains) ?? false
    }

    /// How long the backend keeps the task from its creation, in milliseconds; nil: it does not say.
    static func lifetime(_ task: [UInt8], era: BackendEra) -> Int64? {
        let range = memberRange(era == .modern ? "ttlMs" : "ttl", in: task.span)
        guard let value = range.flatMap({ try? JSONValue(parsing: task.span.extracting($0)) }) else { return nil }
        // A year is as good as any longer time, and no sum with it overflows.
        return value.doubleValue.map { Int64(min(max($0, 0), 31_536_000_000)) }
    }

    /// The elements of an array, raw.
    static func elements(of array: Span<UInt8>) -> [[UInt8]] {
        var scanner = JSONScanner()
        var found: [[UInt8]] = []
        do {
            guard try scanner.opens(array, UInt8(ascii: "["), UInt8(ascii: "]")) else { return [] }
            repeat {
                found.append(copy(array, try scanner.skipValue(array).range))
            } while try scanner.continues(array, until: UInt8(ascii: "]"))
        } catch { return [] }
        return found
    }
}
