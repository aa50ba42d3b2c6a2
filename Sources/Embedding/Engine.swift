// SPDX-License-Identifier: Apache-2.0

internal import CEmbedding
internal import Posix
internal import ToolSearch

/// A small BERT with mean pooling, all-MiniLM-L6-v2 in practice, read from a mapped engine file: texts to vectors of
/// length 1 whose products tell how alike the texts are in meaning.
///
/// The file's pages are clean and shared; what is private is the vocabulary's table, half a megabyte, and room for the
/// vectors of one text, up to 1.7 MB for the longest.
@safe public final class Engine {
    let header: EngineHeader
    let layout: EngineLayout
    let file: MappedFile
    /// Where the file begins.
    let start: UnsafeRawPointer
    let kernel: cembedding_kernel
    private let wordPiece: WordPiece
    private let special: (begin: Int, end: Int, unknown: Int)
    /// Grown to the longest text so far.
    private var room: Room

    /// Opens an engine file and checks all of it.
    public convenience init(path: String) throws(EngineError) {
        try self.init(path: path, kernel: cembedding_best_kernel())
    }

    init(path: String, kernel: cembedding_kernel) throws(EngineError) {
        do throws(PosixError) { file = try MappedFile(path) } catch { throw .unreadable(error) }
        guard let start = unsafe file.bytes.baseAddress else { throw .notAnEngine }
        unsafe self.start = start
        header = try EngineHeader(Engine.copy(file, 0, min(EngineHeader.size, Engine.length(of: file))))
        layout = EngineLayout(header)
        guard layout.end == Engine.length(of: file) else {
            throw .length(expected: layout.end, found: Engine.length(of: file))
        }
        guard Engine.checksum(of: file) == header.checksum else { throw .damaged }
        let vocabulary: Vocabulary
        do throws(VocabularyError) {
            vocabulary = try Vocabulary(lines: Engine.copy(file, layout.vocabulary, header.vocabularyBytes))
        } catch {
            throw .vocabulary(error)
        }
        guard vocabulary.count == header.pieces else {
            throw .impossible("the number of pieces", UInt32(clamping: vocabulary.count))
        }
        func piece(_ name: String) throws(EngineError) -> Int {
            guard let id = vocabulary.id(of: name) else { throw .noPiece(name) }
            return id
        }
        special = (try piece("[CLS]"), try piece("[SEP]"), try piece("[UNK]"))
        wordPiece = WordPiece(vocabulary: vocabulary)
        room = Room(header, tokens: 16)
        self.kernel = kernel
        file.forgetPages()
    }

    /// What ``identity`` of an engine file would be, by its header and length alone: a glance, where opening it reads it
    /// all.
    ///
    /// - Parameter width: what the vectors must have.
    public static func identity(of path: String, width: Int) throws(EngineError) -> UInt64 {
        let beginning: [UInt8]
        let length: Int
        do throws(PosixError) {
            let file = try GrowingFile(path: path)
            length = Int(file.length)
            beginning = try file.read(at: 0, count: EngineHeader.size)
        } catch {
            throw .unreadable(error)
        }
        let header = try EngineHeader(beginning)
        let expected = EngineLayout(header).end
        guard length == expected else { throw .length(expected: expected, found: length) }
        guard header.width == width else { throw .impossible("the width", UInt32(header.width)) }
        return header.checksum
    }

    /// Floats of a vector.
    public var width: Int { header.width }

    /// Tells this model, in this precision, from others: for what is kept of its vectors.
    public var identity: UInt64 { header.checksum }

    /// The vector of a text; what is longer than the model can read is cut off.
    public func encode(_ text: String) -> [Float] {
        let tokens = tokens(of: text)
        if tokens.count > room.capacity { room = Room(header, tokens: tokens.count) }
        return encode(tokens, in: room)
    }

    /// The numbers that the model is given for a text.
    func tokens(of text: String) -> [Int] {
        [special.begin] + wordPiece.pieces(of: text, unknown: special.unknown, limit: header.positions - 2)
            + [special.end]
    }

    private static func length(of file: MappedFile) -> Int { unsafe file.bytes.count }

    private static func copy(_ file: MappedFile, _ offset: Int, _ count: Int) -> [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + count]))
    }

    private static func checksum(of file: MappedFile) -> UInt64 {
        let content = unsafe UnsafeRawBufferPointer(rebasing: file.bytes[EngineHeader.size...])
        guard let start = content.baseAddress else { return 0 }
        return unsafe cembedding_checksum(start, content.count)
    }
}
