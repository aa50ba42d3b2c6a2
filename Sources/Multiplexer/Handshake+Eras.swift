// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A handshake told in the words of the other era: what a server is does not depend on how it was asked.
extension Handshake {
    var era: BackendEra { discovered == nil ? .legacy : .modern }

    /// - Parameter server: the name for one that does not say its own.
    init?(_ snapshot: Snapshot, server: String) {
        if let discovered = snapshot.discoverResult {
            self.init(discovered: discovered, server: server)
        } else {
            self.init(result: snapshot.initializeResult)
        }
    }

    /// Of a `server/discover` result. Nil when it lacks what that is about, or has none of our versions.
    init?(discovered: [UInt8], server: String) {
        let parts = ResultParts(of: discovered.span)
        guard let value = try? JSONValue(parsing: discovered), let capabilities = value["capabilities"]?.objectValue,
            value["supportedVersions"]?.arrayValue?.contains(.string(BackendEra.newestModernRevision)) == true
        else { return nil }
        let meta = MetaMembers(discovered.span, parts.meta)
        var members = [
            member("protocolVersion", "\"\(Self.newestRevision)\"".utf8),
            member("capabilities", JSONValue.object(Self.withoutExtensions(capabilities)).text.utf8),
        ]
        if meta.serverInfo.isPresent {
            members.append(member("serverInfo", discovered[meta.serverInfo.range]))
        } else {
            let info: JSONValue = ["name": .string(server), "version": ""]
            members.append(member("serverInfo", info.text.utf8))
        }
        if let instructions = memberRange("instructions", in: discovered.span) {
            members.append(member("instructions", discovered[instructions]))
        }
        self.init(result: "{".utf8 + joined(members) + "}".utf8, discovered: discovered)
    }

    /// Raw, if the backend said it.
    var serverInfo: ArraySlice<UInt8>? { memberRange("serverInfo", in: result.span).map { result[$0] } }

    /// What clients of the stateless era get; what all their results have is added where it is sent.
    var discoverResult: [UInt8] {
        let versions = JSONValue.array(BackendEra.modernRevisions.map(JSONValue.string)).text
        guard let discovered else { return describe(versions) }
        var result = discovered
        if let range = memberRange("supportedVersions", in: result.span) {
            result.replaceSubrange(range, with: versions.utf8)
        }
        return result
    }

    private func describe(_ versions: String) -> [UInt8] {
        var shown = Self.shared(capabilities)
        // Tasks of the handshake era, which a client of the stateless one does not know.
        shown["tasks"] = nil
        var members = [
            member("supportedVersions", versions.utf8),
            member("capabilities", JSONValue.object(shown).text.utf8),
        ]
        if let instructions = memberRange("instructions", in: result.span) {
            members.append(member("instructions", result[instructions]))
        }
        return "{".utf8 + joined(members) + "}".utf8
    }

    /// Extensions change what messages look like, and a client of the other era cannot say that it knows them.
    private static func withoutExtensions(_ capabilities: JSONObject) -> JSONObject {
        var rest = capabilities
        rest["extensions"] = nil
        return rest
    }

    /// Whether a backend of the stateless era has tasks in that era's words.
    var hasTasksExtension: Bool {
        let capabilities = discovered.flatMap { (try? JSONValue(parsing: $0))?["capabilities"] }
        return capabilities?["extensions"]?[TaskWords.extensionName] != nil
    }

    /// For the next start. The raw result says it all.
    var snapshot: Snapshot {
        var snapshot = Snapshot(initializeResult: result)
        snapshot.discoverResult = discovered
        return snapshot
    }

    /// What clients that were answered from this one may miss in the other.
    func differences(from other: Handshake) -> [String] {
        var names: [String] = []
        if era != other.era { names.append("era") }
        for name in ["protocolVersion", "capabilities", "serverInfo", "instructions"]
        where text(of: name) != other.text(of: name) {
            names.append(name)
        }
        return names
    }

    private func text(of name: String) -> ArraySlice<UInt8>? { memberRange(name, in: result.span).map { result[$0] } }
}
