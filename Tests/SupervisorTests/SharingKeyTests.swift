// SPDX-License-Identifier: Apache-2.0

import Control
import Testing

@testable import Supervisor

@Suite struct SharingKeyTests {
    static let secret = "hunter2-secret-value"

    func key(
        server: String = "serena", share: Sharing = .repo, repository: String = "/r", directory: String = "/r",
        session: String = "", command: [String] = ["serena", "start"], era: EraChoice = .legacy,
        environment: [String] = ["A=1", "TOKEN=\(secret)"]
    ) -> SharingKey {
        SharingKey(
            server: server, share: share, repository: repository, directory: directory, session: session,
            command: command, era: era, environment: environment.map { Array($0.utf8) })
    }

    /// The same but for one thing each.
    var others: [(String, SharingKey)] {
        [
            ("server", key(server: "other")), ("share", key(share: .user)), ("repo", key(repository: "/s")),
            ("directory", key(directory: "/s")), ("session", key(session: "s1")),
            ("command", key(command: ["serena", "stop"])), ("era", key(era: .auto)),
            ("environment: TOKEN", key(environment: ["A=1", "TOKEN=other"])),
            ("environment: TOKEN", key(environment: ["A=1"])),
            ("environment: B", key(environment: ["A=1", "B=", "TOKEN=\(SharingKeyTests.secret)"])),
        ]
    }

    /// One with "é" as one scalar, the other with two: equal to String, and two directories to Linux.
    @Test func namesThatDifferInTheirBytesAreTwo() {
        let (one, two) = (key(repository: "/caf\u{e9}"), key(repository: "/cafe\u{301}"))
        #expect(one != two && one.digest != two.digest)
        #expect(one.differences(from: two) == ["repo"])
        #expect(key(command: ["a", "\u{e9}"]) != key(command: ["a", "e\u{301}"]))
    }

    @Test func aMaskOfItsOwnSharesWithItsLikeOnly() {
        var closed = key()
        closed.umask = 0o077
        #expect(closed != key() && closed.digest != key().digest)
        #expect(closed.differences(from: key()) == ["umask"])
    }

    @Test func equalFactsMakeEqualKeysAndDigests() {
        #expect(key() == key())
        #expect(key().digest == key().digest)
        #expect(key().differences(from: key()).isEmpty)
    }

    @Test func anyFactSeparatesAndIsNamed() {
        for (name, other) in others {
            #expect(other != key(), "\(name)")
            #expect(other.digest != key().digest, "\(name)")
            #expect(other.differences(from: key()) == [name])
            #expect(key().differences(from: other) == [name])
        }
    }

    @Test func theDigestOfTheServerIsTheSameInEveryRepository() {
        let here = key(command: ["serena", "--project", "/r", "--log=/r/log"])
        let there = key(
            repository: "/s", directory: "/elsewhere", command: ["serena", "--project", "/s", "--log=/s/log"],
            environment: [])
        #expect(here.serverDigest == there.serverDigest)
        for other in [key(server: "other"), key(command: ["serena"]), key(era: .auto)] {
            #expect(other.serverDigest != key().serverDigest)
        }
    }

    @Test func differencesNeverShowAValue() {
        let other = key(
            server: "x", repository: "/y", directory: "/y", session: "z", command: ["q", SharingKeyTests.secret],
            environment: ["A=\(SharingKeyTests.secret)", "B=\(SharingKeyTests.secret)"])
        let shown = other.differences(from: key()).joined(separator: "\n")
        #expect(!shown.contains(SharingKeyTests.secret))
        #expect(shown.contains("environment: A"))
    }

    /// It names files that outlive the program: a change here orphans every user's snapshots.
    @Test func theDigestIsTheSameInEveryVersion() {
        #expect(key().digest == "a3dc8b2ca626e33c67b2935beec539265725f46e0ff27614d5ceef15d867bbbe")
        #expect(key().digest.allSatisfy { $0.isHexDigit })
        #expect(!key().digest.contains(SharingKeyTests.secret))
    }

    @Test func fieldsDoNotRunIntoEachOther() {
        let pairs: [(SharingKey, SharingKey)] = [
            (key(server: "ab", repository: "c"), key(server: "a", repository: "bc")),
            (key(command: ["a b"]), key(command: ["a", "b"])),
            (key(command: ["a", "B=1"], environment: []), key(command: ["a"], environment: ["B=1"])),
            (key(command: ["a", "", "B=1"], environment: []), key(command: ["a"], environment: ["B=1", ""])),
            (key(environment: ["A=1B=2"]), key(environment: ["A=1", "B=2"])),
        ]
        for (first, second) in pairs { #expect(first.digest != second.digest) }
    }

    @Test func aVariableIsFoundByItsName() {
        let variables = key(environment: ["A=1", "B=x=y", "C="]).variables
        #expect(variables["B"] == Array("B=x=y".utf8))
        #expect(variables["C"] == Array("C=".utf8))
        #expect(variables.count == 3)
    }

    @Test func entriesThatAreNotTextCountByTheirBytes() {
        let first = SharingKey(
            server: "s", share: .repo, repository: "", directory: "", session: "", command: [],
            environment: [[0x41, 0x3D, 0xFF]])
        let second = SharingKey(
            server: "s", share: .repo, repository: "", directory: "", session: "", command: [],
            environment: [[0x41, 0x3D, 0xFE]])
        #expect(first != second)
        #expect(first.differences(from: second) == ["environment: A"])
    }
}
