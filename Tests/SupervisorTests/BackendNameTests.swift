// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

@Suite struct BackendNameTests {
    func key(
        server: String = "serena", share: Sharing = .repo, repository: String = "/home/u/library", session: String = ""
    ) -> SharingKey {
        SharingKey(
            server: server, share: share, repository: repository, directory: repository, session: session,
            command: ["serena"], environment: [])
    }

    /// What systemd takes in a unit's name (VALID_CHARS in systemd's unit-name.c, less the `@` of templates).
    static let unitCharacters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\")

    @Test func theIDNamesServerAndRepository() {
        let key = key()
        let name = BackendName(key: key) { _ in false }
        #expect(name.id == "serena-library-" + key.digest.prefix(4))
    }

    @Test func theUnitFollowsTheDesktopsConvention() {
        let key = key(server: "my-server", repository: "/srv/a-b.c")
        let unit = BackendName(key: key) { _ in false }.unit(nonce: "k7")
        #expect(unit == "app-mcp-my_server.a_b.c_\(key.digest.prefix(8))-k7.scope")
    }

    @Test func whatIsSharedByTheUserOrLiesAtTheRootHasAPlaceToo() {
        #expect(BackendName(key: key(share: .user, repository: "")) { _ in false }.id.hasPrefix("serena-user-"))
        #expect(BackendName(key: key(repository: "/")) { _ in false }.id.hasPrefix("serena-root-"))
    }

    @Test(arguments: [
        ("serena", "/home/u/library"), ("a b", "/srv/with space"), ("日本語", "/srv/книга"), ("x@y", "/srv/%h@%i"),
        ("a/../b", "/srv/.hidden"), ("--", "/srv/-"), ("quote\"'\\", "/srv/new\nline"),
        (String(repeating: "s", count: 4000), "/srv/" + String(repeating: "r", count: 255)),
    ])
    func anyNameMakesAUnitThatSystemdTakes(server: String, repository: String) {
        let name = BackendName(key: key(server: server, repository: repository)) { _ in false }
        let unit = name.unit(nonce: String(UInt64.max, radix: 36))
        #expect(unit.allSatisfy { BackendNameTests.unitCharacters.contains($0) }, "\(unit)")
        #expect(unit.count <= 250)
        #expect(unit.hasSuffix(".scope"))
        // Each dash of the part before the nonce would be a level of slices.
        #expect(unit.filter { $0 == "-" }.count == 3)
        #expect(name.id.allSatisfy { BackendNameTests.unitCharacters.contains($0) }, "\(name.id)")
    }

    @Test func aTakenIDGrowsUntilItIsFree() {
        let key = key()
        var taken: Set<String> = []
        for length in stride(from: 4, through: 12, by: 2) {
            let name = BackendName(key: key) { taken.contains($0) }
            #expect(name.id == "serena-library-" + key.digest.prefix(length))
            #expect(taken.insert(name.id).inserted)
        }
    }

    @Test func everyNonceMakesAnotherUnit() {
        let name = BackendName(key: key()) { _ in false }
        #expect(name.unit(nonce: "a") != name.unit(nonce: "b"))
    }
}
