// SPDX-License-Identifier: Apache-2.0

import Control
import Embedding
import Posix

let usage = """
    Usage: mcp-embed [--nice] ENGINE

    Reads texts on standard input, one a line, and writes each one's vector to standard output, as little-endian 32-bit
    floats. Before the first come eight bytes: what tells the model from others. Ends with its input.
    Started by mcp-supervisor, which see: mcp-supervisor(8).

      --nice       leave the processor to others
      --version    print the version
      --help       print this text
    """

func runProgram() -> Int32 {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") || arguments.contains("-h") {
        print(usage)
        return 0
    }
    if arguments.contains("--version") {
        print("mcp-embed \(Control.version)")
        return 0
    }
    if arguments.first == "--nice" {
        arguments.removeFirst()
        OwnProcess.yieldProcessor()
    }
    guard arguments.count == 1, let path = arguments.first, !path.hasPrefix("-") else {
        StandardError.write("mcp-embed: one engine file is needed; see mcp-embed --help\n")
        return 2
    }
    do {
        return Conversation(try Engine(path: path)).run()
    } catch {
        let beginning = error.isPassing ? EngineError.passingWords : "mcp-embed: "
        StandardError.write("\(beginning)cannot use \(path): \(error)\n")
        return 1
    }
}

Posix.exit(runProgram())
