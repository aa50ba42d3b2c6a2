// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// What each tool of a server was defined as when this user first saw it, by hash.
///
/// A tool's description is part of what a model is told to do. A server that changes one, by an update or on purpose,
/// is noticed here, whatever became of its program. A tool that is new is taken as it is.
struct ToolPins: Equatable {
    private static let version: Int64 = 1
    /// A server that makes up names must not fill the disk: above this, those it no longer lists are forgotten.
    static let most = 4096

    /// Hashes of the definitions that are trusted, by the tool's name.
    private(set) var trusted: [String: String] = [:]
    /// Hashes of those that are another one now.
    private(set) var changed: [String: String] = [:]

    init() {}

    /// The names of the tools whose definition is not the trusted one, sorted.
    var changedNames: [String] { changed.keys.sorted() }

    /// Compares what a server lists now: a page of it, or all.
    ///
    /// - Returns: the names of the tools that changed and were not known to have changed to this, sorted.
    mutating func compare(_ definitions: [JSONValue]) -> [String] {
        var found: Set<String> = []
        var names: Set<String> = []
        for definition in definitions {
            guard let name = definition["name"]?.stringValue, names.insert(name).inserted else { continue }
            let hash = ToolPins.hash(of: definition)
            if trusted[name, default: hash] == hash {
                trusted[name] = hash
                changed[name] = nil
            } else if changed.updateValue(hash, forKey: name) != hash {
                found.insert(name)
            }
        }
        if trusted.count > ToolPins.most { trusted = trusted.filter { names.contains($0.key) } }
        changed = changed.filter { trusted[$0.key] != nil }
        return found.sorted()
    }

    /// The user has seen the changes: what the tools are now is what they are to be.
    mutating func trust() {
        trusted.merge(changed) { _, new in new }
        changed = [:]
    }

    /// Of all that the definition says; the order of its members means nothing.
    private static func hash(of definition: JSONValue) -> String {
        var hash = SHA256()
        hash.update(Array(sorted(definition).text.utf8))
        return hash.finish()
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let object):
            .object(
                JSONObject(
                    members: object.members.sorted { $0.key < $1.key }
                        .map { JSONObject.Member(key: $0.key, value: sorted($0.value)) }))
        default: value
        }
    }
}

extension ToolPins {
    /// Nil when it was written by another version, or is none.
    init?(json: JSONValue) {
        guard json["version"]?.intValue == ToolPins.version,
            let trusted = json["trusted"]?.objectValue, let changed = json["changed"]?.objectValue
        else { return nil }
        for member in trusted.members { self.trusted[member.key] = member.value.stringValue }
        for member in changed.members { self.changed[member.key] = member.value.stringValue }
    }

    var json: JSONValue {
        [
            "version": .int(ToolPins.version), "trusted": ToolPins.object(trusted),
            "changed": ToolPins.object(changed),
        ]
    }

    private static func object(_ hashes: [String: String]) -> JSONValue {
        let members = hashes.sorted { $0.key < $1.key }
        return .object(JSONObject(members: members.map { JSONObject.Member(key: $0.key, value: .string($0.value)) }))
    }
}
