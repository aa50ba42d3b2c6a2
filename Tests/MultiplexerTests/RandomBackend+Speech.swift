// SPDX-License-Identifier: Apache-2.0

/// What a backend of the handshake era says: answers, and what requests and tasks bring about on the way.
extension RandomBackend {
    mutating func speak(using generator: inout SeededGenerator) -> String? {
        let choice = Int.random(in: 0..<24, using: &generator)
        let subject = open.randomElement(using: &generator)
        switch choice {
        case 0..<13: return answer(using: &generator)
        case 13..<16:
            guard let subject, let token = subject.token else { return nil }
            return notification("progress", "\"progressToken\":\(token),\"message\":[\(subject.owner)]")
        case 16:
            guard let subject, !subject.owner.isEmpty else { return nil }
            return notification("message", "\"level\":\"error\",\"data\":[\(subject.owner)]")
        case 17: return notification("resources/updated", "\"uri\":\"file:///1\"")
        case 18:
            listVersion += 1
            return notification("tools/list_changed", "")
        case 19..<21: return taskLine(using: &generator)
        default:
            guard let subject, !subject.owner.isEmpty else { return nil }
            let line = question("\"about\":[\(subject.owner)]")
            unanswered["\(questions)"] = subject.id
            return line
        }
    }

    private mutating func question(_ params: String) -> String {
        questions += 1
        return #"{"jsonrpc":"2.0","id":\#(questions),"method":"sampling/createMessage","params":{\#(params)}}"#
    }

    /// What a task brings about.
    private mutating func taskLine(using generator: inout SeededGenerator) -> String? {
        guard let (name, entry) = tasks.randomRunning(using: &generator) else { return nil }
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            tasks.end(name)
            let task = tasks.describe(name)
            return #"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":\#(task)}"#
        case 1:
            guard let token = entry.token else { return nil }
            return notification("progress", "\"progressToken\":\(token),\"message\":[\(entry.owner)]")
        case 2:
            let log = "\"level\":\"error\",\"data\":[\(entry.owner)],\(TaskLine.related(name))"
            return notification("message", log)
        case 3: return question("\"about\":[\(entry.owner)]")
        default: return question("\"about\":[\(entry.owner)],\(TaskLine.related(name))")
        }
    }
}
