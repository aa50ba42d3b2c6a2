// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A backend's `initialize` result, as it came and as clients get it; of a backend of the stateless era one that says
/// the same as its `server/discover` result.
struct Handshake: Sendable, Codable {
    static let newestRevision = "2025-11-25"
    static let revisions: Set<String> = ["2024-11-05", "2025-03-26", "2025-06-18", newestRevision]

    /// As the backend wrote it.
    let result: [UInt8]
    /// What the backend answered to `server/discover`; nil: it is of the handshake era.
    let discovered: [UInt8]?
    let capabilities: JSONObject
    let protocolVersion: String
    /// The clients' result around the value of `protocolVersion`.
    private let head: [UInt8]
    private let tail: [UInt8]

    /// Nil when the result lacks what the handshake is about.
    init?(result: [UInt8], discovered: [UInt8]? = nil) {
        guard let value = try? JSONValue(parsing: result), let capabilities = value["capabilities"]?.objectValue,
            let version = value["protocolVersion"]?.stringValue
        else { return nil }
        self.result = result
        self.discovered = discovered
        self.capabilities = capabilities
        protocolVersion = version
        let shown = Self.replacing("capabilities", in: result, by: Self.shared(capabilities)) ?? result
        guard let range = memberRange("protocolVersion", in: shown.span) else { return nil }
        head = Array(shown[..<range.lowerBound])
        tail = Array(shown[range.upperBound...])
    }

    /// What a client gets that was promised `version`.
    func clientResult(version: String) -> [UInt8] {
        var result = head
        writeJSONString(version, to: &result)
        result += tail
        return result
    }

    func has(_ capability: String) -> Bool { capabilities[capability] != nil }

    func announcesChanges(of capability: String) -> Bool { capabilities[capability]?["listChanged"] == true }

    /// Lists change for a session when the backend restarts, so changes are always announced.
    static func shared(_ capabilities: JSONObject) -> JSONObject {
        var shared = capabilities
        for name in ["tools", "prompts", "resources"] {
            guard var members = shared[name]?.objectValue else { continue }
            members["listChanged"] = true
            shared[name] = .object(members)
        }
        return shared
    }

    static func replacing(_ name: String, in object: [UInt8], by value: JSONObject) -> [UInt8]? {
        guard let range = memberRange(name, in: object.span) else { return nil }
        var result = Array(object[..<range.lowerBound])
        value.write(to: &result)
        result += object[range.upperBound...]
        return result
    }
}

/// Where the value of an object's member lies; the last one counts, as in every parser we met.
func memberRange(_ name: String, in object: Span<UInt8>) -> Range<Int>? {
    var scanner = JSONScanner()
    var found: Range<Int>?
    do {
        guard try scanner.opens(object, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return nil }
        repeat {
            let key = try scanner.skipName(object)
            let value = try scanner.skipValue(object).range
            if String(token: key.range.lowerBound - 1..<key.range.upperBound + 1, of: object) == name { found = value }
        } while try scanner.continues(object, until: UInt8(ascii: "}"))
    } catch { return nil }
    return found
}
