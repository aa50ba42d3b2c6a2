// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct PassedEnvironmentTests {
    private func passes(_ name: String, _ allowed: [String]?) -> Bool {
        PassedEnvironment(ignored: IgnoredEnvironment(additional: ["MINE_*"]), allowed: allowed).contains(name)
    }

    @Test(arguments: ["HOME", "API_KEY", "UNHEARD_OF", "DISPLAY", ""])
    func withoutARuleAServerLacksNothingThatSaysSomethingAboutIt(name: String) {
        #expect(passes(name, nil))
    }

    @Test(arguments: ["TERM", "SSH_AUTH_SOCK", "MINE_1", "NOTIFY_SOCKET"])
    func whatSaysNothingDoesNotPass(name: String) {
        #expect(!passes(name, nil))
        #expect(!passes(name, []))
        #expect(!passes(name, ["*"]), "a beginning covers nothing that is ignored")
        #expect(passes(name, [name]), "whoever names it in full means it")
    }

    @Test func aRuleAllowsWhatItNamesAndWhatEveryProgramNeeds() {
        #expect(passes("API_KEY", ["API_KEY"]))
        #expect(!passes("API_KEYS", ["API_KEY"]))
        #expect(passes("FAKE_MODE", ["FAKE_*"]))
        #expect(!passes("UNHEARD_OF", ["API_KEY", "FAKE_*"]))
        #expect(passes("LC_ALL", []) && passes("PATH", []) && passes("XDG_RUNTIME_DIR", []))
        #expect(!passes("XDG_SESSION_ID", []))
    }

    @Test(arguments: ["MCP_SUPERVISOR_BACKEND", "CLAUDE_PROJECT_DIR"])
    func whatWeSetOurselvesIsNeverASessions(name: String) {
        #expect(!passes(name, nil) && !passes(name, [name]) && !passes(name, ["*"]))
    }
}
