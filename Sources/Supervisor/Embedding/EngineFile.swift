// SPDX-License-Identifier: Apache-2.0

import Embedding
import Posix

/// The engine file as the supervisor sees it: where it is, and which model it holds. Only mcp-embed reads the rest.
struct EngineFile: Equatable {
    /// As `make engine` names it.
    static let name = "minilm-l6-v2.engine"

    let path: String
    /// Tells this model from others.
    let model: UInt64
    /// Tells the file from one that replaces it.
    private let file: FileIdentity

    /// Where engine files are looked for, the first one that is there: the user's data directory, the installation's,
    /// and beside the program.
    static func places(dataHome: String, executable: String) -> [String] {
        let directory = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
        return [dataHome, directory + "/../share"].map { "\($0)/mcp-supervisor/\(name)" } + ["\(directory)/\(name)"]
    }

    /// The first engine file there is; `nil` when there is none.
    ///
    /// - Parameter known: what was found before; the file is not read again when it is still the same.
    static func find(in places: [String], known: Result<EngineFile, EngineFault>?) -> Result<EngineFile, EngineFault>? {
        for path in places {
            guard let identity = Files.identity(path) else { continue }
            switch known {
            case .success(let file) where file.path == path && file.file == identity: return known
            case .failure(let fault) where fault.path == path && fault.file == identity: return known
            default: return read(path, identity)
            }
        }
        return nil
    }

    private static func read(_ path: String, _ identity: FileIdentity) -> Result<EngineFile, EngineFault> {
        do throws(EngineError) {
            return .success(
                EngineFile(
                    path: path, model: try Engine.identity(of: path, width: EncoderProcess.width), file: identity))
        } catch {
            return .failure(
                EngineFault(
                    path: path, file: identity, reason: "cannot use \(path): \(error)", isPassing: error.isPassing))
        }
    }

    /// This file, found out to be of no use.
    func fault(_ reason: String, isPassing: Bool) -> EngineFault {
        EngineFault(path: path, file: file, reason: reason, isPassing: isPassing)
    }
}

/// An engine file that cannot be used, until it is replaced or, where that may help, a while later.
struct EngineFault: Error, Equatable {
    let path: String
    fileprivate let file: FileIdentity
    /// One line.
    let reason: String
    /// Whether it may be of use later as it is.
    let isPassing: Bool
}
