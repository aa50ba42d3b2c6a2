// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Calls that were under way when a backend died, by tool and arguments: one that was there twice is suspect.
struct PoisonTable: Sendable, Codable {
    private struct Entry: Sendable, Codable {
        let call: UInt64
        var deaths = 0
    }

    /// Calls that are remembered, the latest.
    private static let most = 256
    /// Deaths from which on a call is not asked again.
    static let limit = 2

    private var entries: [Entry] = []

    mutating func noteDeath(during call: UInt64) {
        var entry = Entry(call: call)
        if let place = entries.firstIndex(where: { $0.call == call }) { entry = entries.remove(at: place) }
        entry.deaths += 1
        entries.append(entry)
        if entries.count > Self.most { entries.removeFirst() }
    }

    func isPoison(_ call: UInt64) -> Bool {
        entries.contains { $0.call == call && $0.deaths >= Self.limit }
    }

    /// A number for a tool and its arguments as they were written (FNV-1a).
    static func key(of request: [UInt8]) -> UInt64? {
        guard let envelope = try? Envelope(scanning: request.span) else { return nil }
        let params = ObjectMembers(request.span, envelope.params.range)
        guard let name = params["name"] else { return nil }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for range in [name, params["arguments"] ?? 0..<0] {
            for index in range { hash = (hash ^ UInt64(request[index])) &* 0x100_0000_01B3 }
        }
        return hash
    }
}
