// SPDX-License-Identifier: Apache-2.0

import Control
import Multiplexer
import Testing

@testable import Supervisor

/// What a sound file means.
@Suite struct ConfigurationReadingTests {
    func read(_ texts: String...) throws -> Configuration {
        var configuration = Configuration()
        for text in texts { try configuration.add(ConfigurationTable(file: "x.toml", text: text)) }
        return configuration
    }

    @Test func nothingIsTheDefaults() throws {
        #expect(try read("") == Configuration())
        #expect(Configuration().defaults == Limits(memoryHigh: 1 << 30, memoryMax: 4 << 30, tasksMax: 512))
        #expect(Configuration().idleTimeout == 600_000)
        #expect(Configuration().hibernateAfter == TimeSpan.forever)
    }

    @Test func everyTopLevelKeyIsRead() throws {
        let configuration = try read(
            """
            idle_timeout = "30min"
            hibernate_after = 90
            exit_idle_time = "off"
            start_timeout = "2min"
            session_requests_max = 8
            output_timeout = "90s"
            max_message_to_client = { "a*" = "1M", abc = "2M" }
            backend_requests_max = 16
            stop_timeout = "1s 500ms"
            ignore_env = ["MY_*", "X"]
            PassEnvironment = ["API_*"]
            slice_limits = { MemoryMax = "6G" }
            [defaults]
            MemoryHigh = "infinity"
            TasksMax = 100
            """)
        #expect(configuration.idleTimeout == 1_800_000)
        #expect(configuration.hibernateAfter == 90_000)
        #expect(configuration.exitIdleTime == TimeSpan.forever)
        #expect(configuration.startTimeout == 120_000)
        #expect(configuration.clientLimits.sessionRequests == 8)
        #expect(configuration.backendRequests == 16)
        #expect(configuration.clientLimits.outputTimeout == 90_000)
        #expect(configuration.clientLimits.messageLimits.map(\.client).prefix(2) == ["abc", "a*"])
        #expect(configuration.stopTimeout == 1500)
        #expect(configuration.ignoreEnvironment == ["MY_*", "X"])
        #expect(configuration.passEnvironment == ["API_*"])
        #expect(configuration.sliceLimits == Limits(memoryMax: 6 << 30))
        #expect(configuration.defaults == Limits(memoryHigh: -1, memoryMax: 4 << 30, tasksMax: 100))
    }

    @Test func everyKeyOfAServerIsRead() throws {
        let configuration = try read(
            """
            [server.serena]
            command = ["serena", "--project", "{repo}"]
            share = "session"
            idle_timeout = "1h"
            deny_tools = ["activate_project"]
            interactive_tools = ["ask"]
            era = "modern"
            roots = "union"
            unknown_requests = "refuse"
            unattributed_notifications = "broadcast"
            retry_tools = "annotated"
            start_timeout = "5min"
            backend_requests_max = 1
            on_start = ["prepare", { tool = "open", arguments = { path = "a \\"b\\"", deep = { n = [1, 2.5, true] } } }]
            MemoryHigh = 1073741824
            MemoryMax = "2G"
            MemorySwapMax = 0
            TasksMax = "infinity"
            CPUWeight = 50
            [server.serena.repo."/home/u/mo.saic"]
            idle_timeout = "off"
            MemoryMax = "4G"
            """)
        let server = try #require(configuration.servers["serena"])
        #expect(server.command == ["serena", "--project", "{repo}"])
        #expect(server.share == .session)
        #expect(server.idleTimeout == 3_600_000)
        #expect(server.denyTools == ["activate_project"])
        #expect(server.interactiveTools == ["ask"])
        #expect(server.era == .modern)
        #expect(server.roots == .union)
        #expect(server.unknownRequests == .refuse)
        #expect(server.unattributedNotifications == .broadcast)
        #expect(server.retryTools == .annotated)
        let effective = configuration.effective(server: "serena", repository: "/r")
        #expect(effective.startTimeout == 300_000 && effective.backendRequests == 1)
        #expect(server.onStart.map(\.tool) == ["prepare", "open"])
        #expect(server.onStart[0].arguments == "{}")
        #expect(server.onStart[1].arguments == #"{"deep":{"n":[1,2.5,true]},"path":"a \"b\""}"#)
        #expect(
            server.limits
                == Limits(memoryHigh: 1 << 30, memoryMax: 2 << 30, memorySwapMax: 0, tasksMax: -1, cpuWeight: 50))
        let local = try #require(server.repositories["/home/u/mo.saic"])
        #expect(local.idleTimeout == TimeSpan.forever)
        #expect(local.limits == Limits(memoryMax: 4 << 30))
    }

    @Test func tablesMayBeWrittenInAnyForm() throws {
        let long = try read("[server.a]\nMemoryMax = \"1G\"\n[server.a.repo.\"/x\"]\nTasksMax = 7")
        #expect(try read("server.a.MemoryMax = \"1G\"\nserver.a.repo.\"/x\".TasksMax = 7") == long)
        #expect(try read("server = { a = { MemoryMax = \"1G\", repo = { \"/x\" = { TasksMax = 7 } } } }") == long)
    }

    @Test func aLaterFileWinsKeyByKey() throws {
        let configuration = try read(
            "idle_timeout = 1\nignore_env = [\"A\"]\n[server.a]\nshare = \"user\"\nMemoryMax = \"1G\"\ndeny_tools = [\"x\"]",
            "ignore_env = [\"B\"]\n[server.a]\nMemoryMax = \"2G\"\ndeny_tools = []\n[server.b]\nera = \"auto\"",
            "idle_timeout = 3")
        #expect(configuration.idleTimeout == 3000)
        #expect(configuration.ignoreEnvironment == ["A", "B"])
        #expect(configuration.servers["a"]?.share == .user)
        #expect(configuration.servers["a"]?.limits.memoryMax == 2 << 30)
        #expect(configuration.servers["a"]?.denyTools == [])
        #expect(configuration.servers["b"]?.era == .auto)
    }

    @Test func theNearestLimitHolds() throws {
        let configuration = try read(
            """
            idle_timeout = 1
            [defaults]
            MemoryMax = "1G"
            MemoryHigh = "1G"
            TasksMax = 1
            [server.a]
            idle_timeout = 2
            MemoryMax = "2G"
            MemoryHigh = "2G"
            [server.a.repo."/r"]
            idle_timeout = 3
            MemoryMax = "3G"
            """)
        let near = configuration.effective(server: "a", repository: "/r")
        #expect(near.limits == Limits(memoryHigh: 2 << 30, memoryMax: 3 << 30, tasksMax: 1))
        #expect(near.idleTimeout == 3000)
        #expect(configuration.effective(server: "a", repository: "/s").idleTimeout == 2000)
        let far = configuration.effective(server: "b", repository: "/r")
        #expect(far.limits == configuration.defaults)
        #expect(far.idleTimeout == 1000)
    }

    /// The list is written down for the manual's sake; it has to name what there is.
    @Test func theLimitKeysAreTheLimits() {
        #expect(Configuration.limitKeys == LimitProperty.allCases.map(\.rawValue))
    }
}
