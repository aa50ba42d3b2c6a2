// SPDX-License-Identifier: Apache-2.0
import Control
import Testing

@testable import mcpctl

/// What `mcpctl top` draws, line by line.
@Suite struct TopScreenTests {
    static func lines(_ model: TopModel, colours: Bool = false) -> [String] {
        TopScreen(model: model, view: View(style: Style(colours: colours), now: 1_800_000_000)).lines()
    }

    @Test func backendsAndSessionsWithWhatTheyTake() {
        var model = TopModel()
        _ = model.handle(.resized(columns: 120, rows: 24))
        _ = model.handle(.answered(TopFixture.status(cpu: 1, calls: 10), at: 1000))
        _ = model.handle(.answered(TopFixture.status(cpu: 2, calls: 15), at: 3000))
        let lines = Self.lines(model)
        #expect(lines[0].hasPrefix("mcp-supervisor 0.1.0, up 1m"))
        #expect(lines[1].hasPrefix("2 backends, 2 sessions, 2.5 calls/s, CPU 50 %, 3.0M of 6.0G, sharing saves 1.0M"))
        let backend = lines.first { $0.contains("> alpha-library") }
        #expect(backend?.contains("  2.5    50    1.0M") == true, "\(backend ?? "")")
        #expect(lines.contains { $0.contains("s1") && $0.contains("claude-code 2.1") })
        #expect(lines.last?.hasPrefix("q quit") == true)
    }

    @Test func withoutTwoAnswersThereAreNoRates() {
        var model = TopModel()
        _ = model.handle(.answered(TopFixture.status(cpu: 1, calls: 10), at: 1000))
        #expect(Self.lines(model)[1].contains("- calls/s, CPU - %"))
    }

    @Test(arguments: [(20, 5), (40, 10), (79, 24), (80, 24), (200, 60), (1, 1), (300, 3), (80, 0)])
    func noLineIsWiderAndNoneIsTooMany(columns: Int, rows: Int) {
        for count in [0, 1, 30] {
            for mode in ["", "?", "s"] {
                var model = TopModel()
                _ = model.handle(.resized(columns: columns, rows: rows))
                _ = model.handle(.answered(TopFixture.status(backends: count, sessions: count * 2), at: 1))
                for key in mode { _ = model.handle(.key(.character(key))) }
                let lines = Self.lines(model)
                #expect(lines.count <= rows)
                for line in lines { #expect(DisplayWidth.of(line) <= columns, "\(line)") }
            }
        }
    }

    @Test func theChosenOneIsInSightWhereverItIs() {
        var model = TopModel()
        _ = model.handle(.resized(columns: 80, rows: 12))
        _ = model.handle(.answered(TopFixture.status(backends: 40, sessions: 3), at: 1))
        for _ in 0..<45 {
            let chosen = model.chosen ?? ""
            #expect(Self.lines(model).contains { $0.hasPrefix("> \(chosen)") }, "\(chosen)")
            _ = model.handle(.key(.down))
        }
        #expect(model.chosen == model.backends.last?.id)
    }

    @Test func whatIsLeftOutIsCounted() {
        var model = TopModel()
        _ = model.handle(.resized(columns: 80, rows: 20))
        _ = model.handle(.answered(TopFixture.status(backends: 2, sessions: 50), at: 1))
        let lines = Self.lines(model)
        #expect(lines.count == 20)
        let shown = lines.count { $0.hasPrefix("  s") && $0.dropFirst(3).first?.isNumber == true }
        #expect(lines.contains { $0 == "  and \(50 - shown) more" }, "\(lines)")
    }

    @Test func narrowTerminalsLoseColumnsBeforeNames() {
        var model = TopModel()
        _ = model.handle(.resized(columns: 60, rows: 24))
        _ = model.handle(.answered(TopFixture.status(cpu: 1, calls: 10), at: 1000))
        let title = Self.lines(model).first { $0.contains("BACKEND") } ?? ""
        #expect(title.contains("STATE") && title.contains("MEMORY"))
        #expect(!title.contains("UP"))
    }

    @Test func aLongRepositoryKeepsItsEnd() {
        var status = TopFixture.status(cpu: 1, calls: 1)
        status.backends[0].repo = "/home/u/" + String(repeating: "deep/", count: 40) + "library"
        var model = TopModel()
        _ = model.handle(.resized(columns: 110, rows: 24))
        _ = model.handle(.answered(status, at: 1))
        let line = Self.lines(model).first { $0.contains("> ") } ?? ""
        #expect(line.contains("…") && line.hasSuffix("deep/library"))
    }

    /// What servers and clients call themselves comes from outside.
    @Test(arguments: ["\u{1B}[2J", "\u{9B}2J", "a\nb", "\u{202E}gnp", "\u{7}", "\r", "\t"])
    func nothingFromOutsideSteersTheTerminal(text: String) {
        var status = TopFixture.status(cpu: 1, calls: 1)
        status.backends[0].id = text
        status.backends[0].repo = text
        status.backends[0].state.text = text
        status.sessions[0].client = ClientInfo(name: text, version: text)
        status.supervisor.version = text
        status.supervisor.warnings = [text]
        var model = TopModel()
        _ = model.handle(.resized(columns: 150, rows: 24))
        _ = model.handle(.answered(status, at: 1))
        _ = model.handle(.failed(text))
        for mode in ["", "s"] {
            for key in mode { _ = model.handle(.key(.character(key))) }
            for line in Self.lines(model) {
                for scalar in line.unicodeScalars {
                    let isControl = scalar.properties.generalCategory == .control
                    #expect(!isControl && scalar.value != 0x202E, "\(line.debugDescription)")
                }
            }
        }
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect(DisplayWidth.of("日本") == 4)
        #expect(DisplayWidth.of("e\u{301}") == 1)
        #expect(DisplayWidth.clipped("日本語", to: 5) == "日本…")
        #expect(DisplayWidth.clipped("abcdef", to: 4, atStart: true) == "…def")
        #expect(DisplayWidth.clipped("abc", to: 3) == "abc")
        #expect(DisplayWidth.clipped("abc", to: 0).isEmpty)
        var table = Table(["A", "B"])
        table.rows = [["日本", "x"], ["ab", "y"]]
        #expect(table.lines(Style(colours: false)) == ["A     B", "日本  x", "ab    y"])
    }

    @Test func theChosenLineIsReversedFromEndToEnd() {
        var model = TopModel()
        _ = model.handle(.answered(TopFixture.status(cpu: 1, calls: 10), at: 1000))
        let line = Self.lines(model, colours: true).first { $0.contains("> alpha") }
        #expect(line?.contains("\u{1B}[7m") == true && line?.contains("\u{1B}[1m") == false)
    }
}
