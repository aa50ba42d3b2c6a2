// SPDX-License-Identifier: Apache-2.0

import Control

/// What a session or a backend is known by from one supervisor to the next: 128 bits, given once. For a session it is
/// chance, and only its own shim is told it; so nobody comes to what another one is owed.
struct Identity: Hashable, Sendable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// Of a backend's process: of its unit's name, which no other start has.
    init(unit: String) {
        var hash = SHA256()
        hash.update(Array(unit.utf8))
        let digits = hash.finish()
        self.init(
            high: UInt64(digits.prefix(16), radix: 16) ?? 0,
            low: UInt64(digits.dropFirst(16).prefix(16), radix: 16) ?? 0)
    }

    static let length = 32

    /// Reads ``description``.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == Identity.length, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.dropFirst(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    var description: String { Identity.digits(high) + Identity.digits(low) }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// What the shim keeps for its session: the identity, and what the machine says of it.
struct SessionResume {
    let identity: Identity
    let machine: [UInt8]?
    /// The repository, where the client's roots named it: it is not asked again.
    let place: String?

    init(identity: Identity, machine: [UInt8]?, place: String? = nil) {
        self.identity = identity
        self.machine = machine
        self.place = place
    }

    /// Nil for what is not ours; the session is a new one then.
    init?(_ text: String) {
        guard let identity = Identity(text.prefix(Identity.length)) else { return nil }
        var rest = text.utf8.dropFirst(Identity.length)
        var place: String?
        // "@", the number of bytes, ":", the path.
        if rest.first == UInt8(ascii: "@"), let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let count = Int(text[rest.index(after: rest.startIndex)..<colon]), count > 0, count < rest.count
        {
            let path = rest[rest.index(after: colon)...]
            place = String(decoding: path.prefix(count), as: UTF8.self)
            rest = path.dropFirst(count)
        }
        self.init(identity: identity, machine: rest.isEmpty ? nil : Array(rest), place: place)
    }

    var text: String {
        let place = place.map { "@\($0.utf8.count):\($0)" } ?? ""
        return "\(identity)" + place + String(decoding: machine ?? [], as: UTF8.self)
    }
}
