// SPDX-License-Identifier: Apache-2.0

import Posix
import ToolSearch

/// How well and how fast tools are found, on queries whose answers are known.
///
/// usage: retrieval-bench rank TOOLS QUERIES TABLE [SENTENCES]
///        retrieval-bench texts TOOLS QUERIES                   every text that an engine has to encode, a line each
///        retrieval-bench confidence TOOLS QUERIES TABLE        how sure each answer was, and its rank
///        retrieval-bench time TOOLS QUERIES TABLE              nanoseconds a query, and bytes of an index
@main
enum Program {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 3 else {
            print("usage: retrieval-bench rank|texts|confidence|time TOOLS QUERIES [TABLE [SENTENCES]]")
            Posix.exit(2)
        }
        let corpus = try Corpus(tools: arguments[1], queries: arguments[2])
        switch arguments[0] {
        case "texts": for text in texts(of: corpus) { print(oneLine(text)) }
        case "time": try Timing(corpus, table(arguments[3])).report()
        case "confidence":
            Evaluation(corpus, table: try table(arguments[3]), sentences: Sentences(), usesQuerySentences: false)
                .reportJudgements()
        default:
            let sentences =
                try arguments.count > 4
                ? Sentences(texts: texts(of: corpus), path: arguments[4]) : Sentences()
            try rank(corpus, table(arguments[3]), sentences, hasEngine: arguments.count > 4)
        }
    }

    /// A line break is white space to the tokenizer, as a space is.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    private static func table(_ path: String) throws -> TokenTable {
        try TokenTable(copying: Files.read(path, limit: 64 << 20))
    }

    private static func rank(_ corpus: Corpus, _ table: TokenTable, _ sentences: Sentences, hasEngine: Bool) {
        func evaluate(_ method: String, _ table: TokenTable?, _ sentences: Sentences, _ query: Bool) {
            Evaluation(corpus, table: table, sentences: sentences, usesQuerySentences: query).report(as: method)
        }
        evaluate("BM25F", nil, Sentences(), false)
        evaluate("A", table, Sentences(), false)
        guard hasEngine else { return }
        evaluate("B", table, sentences, false)
        evaluate("C", table, sentences, true)
    }

    /// Forms of tools, then queries; each once, on one line.
    private static func texts(of corpus: Corpus) -> [String] {
        var seen: Set<String> = []
        let all = corpus.tools.flatMap(\.document.forms) + corpus.queries.map(\.text)
        return all.filter { seen.insert($0).inserted }
    }
}
