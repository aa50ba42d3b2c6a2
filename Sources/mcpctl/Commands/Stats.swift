// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import Posix

struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show calls, latencies, and what tool lists and meta-tools cost, since the supervisor started.")

    @Flag(name: .long, help: "Print metrics in the text format of Prometheus.")
    var prometheus = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if prometheus, common.json { throw ValidationError("--prometheus and --json exclude each other") }
    }

    func run() throws {
        let answer = try common.ask(StatsParameters(), awaiting: "the statistics")
        guard prometheus else { return try common.show(answer) }
        let text = try PrometheusText(answer.reply()).text
        try StandardStream.output.write(Array(text.utf8))
    }
}
