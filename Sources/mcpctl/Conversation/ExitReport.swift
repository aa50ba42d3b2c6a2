// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Control
import Posix

/// What a program that ends says about it: text for stdout, lines for stderr, and the exit status.
struct ExitReport {
    static let usage: Int32 = 2

    var status: Int32
    var output = ""
    var errors: [String] = []

    static func of(_ error: any Error) -> ExitReport {
        switch error {
        case let failures as Failures:
            let reports = failures.all.map(of)
            return ExitReport(status: reports.map(\.status).max() ?? 1, errors: reports.flatMap(\.errors))
        case let error as ClientError:
            return ExitReport(status: error.exitStatus, errors: [error.description])
        case let failure as CommandFailure:
            return ExitReport(status: failure.exitStatus, errors: [failure.description])
        case let error as PosixError:
            return ExitReport(status: 1, errors: [error.description])
        case let code as ExitCode:
            return ExitReport(status: code.rawValue)
        default:
            return ofParsing(error)
        }
    }

    /// ArgumentParser's own: help and completions leave by throwing, too, and its usage errors are 64.
    private static func ofParsing(_ error: any Error) -> ExitReport {
        switch Mcpctl.exitCode(for: error) {
        case .success:
            return ExitReport(status: 0, output: Mcpctl.fullMessage(for: error))
        case .validationFailure:
            let help = Mcpctl.fullMessage(for: error).split(separator: "'").first { $0.hasSuffix("--help") }
            return ExitReport(
                status: usage, errors: ["\(withoutStop(Mcpctl.message(for: error))); see '\(help ?? "mcpctl --help")'"])
        default:
            return ExitReport(status: 1, errors: [Mcpctl.message(for: error)])
        }
    }

    private static func withoutStop(_ sentence: String) -> Substring {
        sentence.hasSuffix(".") ? sentence.dropLast() : Substring(sentence)
    }

    /// Prints it, each error as one line that begins with the program's name.
    func print() {
        if !output.isEmpty { try? StandardStream.output.write(Array("\(output)\n".utf8)) }
        for error in errors {
            let line = error.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
            try? StandardStream.error.write(Array("mcpctl: \(printable(line))\n".utf8))
        }
    }
}
