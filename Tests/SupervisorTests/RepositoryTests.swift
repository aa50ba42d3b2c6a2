// SPDX-License-Identifier: Apache-2.0

import Foundation
import Posix
import Testing

@testable import Supervisor

@Suite struct RepositoryTests {
    let place: TemporaryDirectory
    let home: String
    let clone: String
    let inside: String
    let plain: String

    init() throws {
        place = try TemporaryDirectory()
        home = try place.directory("home")
        clone = try place.directory("home/clone")
        _ = try place.directory("home/clone/.git")
        inside = try place.directory("home/clone/src/deep")
        plain = try place.directory("home/plain")
    }

    func choose(named: String? = nil, project: String? = nil, directory: String?) -> RepositoryChoice {
        Repository.choose(named: named, projectDirectory: project, workingDirectory: directory, home: home)
    }

    @Test func theNearestAncestorWithGitIsTheRoot() {
        #expect(choose(directory: inside) == .found(clone))
        #expect(choose(directory: clone) == .found(clone))
    }

    @Test func aLinkedWorkTreeIsARootOfItsOwn() throws {
        try place.file("home/clone/linked/.git", "gitdir: elsewhere\n")
        let below = try place.directory("home/clone/linked/src")
        #expect(choose(directory: below) == .found("\(clone)/linked"))
    }

    @Test func outsideOfAWorkTreeTheClientIsAsked() {
        #expect(choose(directory: plain) == .askClient)
        #expect(choose(directory: "/") == .askClient)
        #expect(choose(directory: nil) == .askClient)
    }

    @Test func aHomeUnderGitIsNoRepositoryOfItsOwnAccord() throws {
        _ = try place.directory("home/.git")
        #expect(choose(directory: home) == .askClient)
        #expect(choose(directory: plain) == .askClient)
        #expect(choose(directory: inside) == .found(clone))
        #expect(choose(named: home, directory: inside) == .found(home))
    }

    @Test func aHomeThatIsALinkIsStillTheHome() throws {
        _ = try place.directory("home/.git")
        let link = "\(place.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: home)
        for spelling in [link, home + "/", link + "/"] {
            let choice = Repository.choose(
                named: nil, projectDirectory: nil, workingDirectory: plain, home: spelling)
            #expect(choice == .askClient, "HOME=\(spelling)")
        }
    }

    @Test func whatIsNamedComesBeforeWhatIsFound() {
        #expect(choose(named: plain, project: clone, directory: inside) == .found(plain))
        #expect(choose(project: plain, directory: inside) == .found(plain))
        #expect(choose(project: "", directory: inside) == .found(clone))
    }

    @Test func aNamedDirectoryInAWorkTreeMeansTheWorkTree() {
        #expect(choose(named: inside, directory: nil) == .found(clone))
        #expect(choose(named: "\(clone)/", directory: nil) == .found(clone))
        #expect(choose(named: "\(clone)/src/../src", directory: nil) == .found(clone))
    }

    @Test func aRelativePathStartsAtTheWorkingDirectory() {
        #expect(choose(named: ".", directory: inside) == .found(clone))
        #expect(choose(named: "../plain", directory: clone) == .found(plain))
    }

    @Test func aLinkLeadsToTheRealDirectory() throws {
        let link = "\(place.path)/shortcut"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: inside)
        #expect(choose(named: link, directory: nil) == .found(clone))
    }

    @Test(arguments: ["${workspaceFolder}", "/srv/${PROJECT}/x", "/does/not/exist"])
    func whatCannotBeADirectoryIsRefusedByName(named: String) {
        guard case .refused(let reason) = choose(named: named, directory: inside) else {
            Issue.record("not refused: \(named)")
            return
        }
        #expect(reason.contains("--repo"))
        #expect(reason.contains(named))
    }

    @Test func anEmptyNameIsNotTheWorkingDirectory() {
        guard case .refused(let reason) = choose(named: "", directory: inside) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.hasPrefix("--repo is empty"))
    }

    @Test func aFileIsNoRepository() throws {
        let file = try place.file("home/file")
        guard case .refused(let reason) = choose(project: file, directory: inside) else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("CLAUDE_PROJECT_DIR"))
    }

    @Test func theRootOfTheFileSystemHasNoAncestor() {
        #expect(Repository.workTree(around: "/") == (Files.identity("/.git") == nil ? nil : "/"))
        #expect(Repository.workTree(around: "") == (Files.identity("/.git") == nil ? nil : "/"))
    }
}
