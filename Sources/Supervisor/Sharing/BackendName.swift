// SPDX-License-Identifier: Apache-2.0

import Control

/// What a backend is called: to people by its id, to systemd by its unit.
struct BackendName: Sendable, Equatable {
    /// `serena-library-1f3a`
    let id: String
    private let server: String
    private let place: String
    private let digest: String

    /// - Parameter taken: tells whether another backend has an id already.
    init(key: SharingKey, taken: (String) -> Bool) {
        server = ServerName.cleaned(key.server)
        digest = key.digest
        let directory = key.repository.split(separator: "/").last.map(String.init)
        place = key.share == .user ? "user" : ServerName.cleaned(directory ?? "root")
        var length = 4
        while length < 64, taken("\(server)-\(place)-\(digest.prefix(length))") { length += 2 }
        id = "\(server)-\(place)-\(digest.prefix(length))"
    }

    /// `app-mcp-serena.library_1f3a90c2-k7.scope`: the desktop's convention, a new nonce each start, because a failed
    /// unit keeps its name until it is reset. A dash would make another level of slices.
    func unit(nonce: String) -> String {
        let application = "\(server).\(place)_\(digest.prefix(8))"
        let allowed = application.map { $0 == "-" ? "_" : $0 }
        return "app-mcp-\(String(allowed))-\(nonce).scope"
    }
}
