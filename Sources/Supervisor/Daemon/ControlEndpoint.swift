// SPDX-License-Identifier: Apache-2.0

import Control
import Posix
import Systemd

/// The control socket as a place in the file system: handed over by systemd or a shim, or made by ourselves.
final class ControlEndpoint {
    private let path: String
    /// Whoever handed it over starts us again when it is needed.
    let isHandedOver: Bool
    /// A shim's socket closes with us; systemd keeps its own.
    let isKeptByManager: Bool
    private var listener: Int32?

    private init(path: String, listener: consuming Descriptor, isHandedOver: Bool, isKeptByManager: Bool) {
        self.path = path
        self.listener = listener.release()
        self.isHandedOver = isHandedOver
        self.isKeptByManager = isKeptByManager
    }

    /// - Parameter passed: what was handed over at our start; what is no socket stays there.
    static func open(path: String, passed: StoredDescriptors) throws(EndpointError) -> ControlEndpoint {
        let byManager = OwnProcess.variable("INVOCATION_ID") != nil
        if let first = passed.takeSocket() {
            return ControlEndpoint(
                path: path, listener: first, isHandedOver: true, isKeptByManager: byManager)
        }
        do {
            return ControlEndpoint(
                path: path, listener: try bind(path), isHandedOver: false, isKeptByManager: false)
        } catch let error as PosixError {
            throw .unusable(error)
        } catch let error as EndpointError {
            throw error
        } catch {
            throw .taken(path)
        }
    }

    /// Makes the socket's directory, or sees that nobody else can get into the one that is there.
    static func prepareDirectory(of path: String) throws(EndpointError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        do throws(PosixError) { try Files.makeDirectory(directory) } catch { throw .unusable(error) }
        guard Files.isPrivate(directory) else { throw .exposed(directory) }
    }

    /// Makes the socket, under the lock that shims take too, unless somebody answers on it already.
    private static func bind(_ path: String) throws -> Descriptor {
        try prepareDirectory(of: path)
        let lock = try FileLock(path + ".lock")
        defer { lock.release() }
        if (try? UnixSocket.connect(to: path)) != nil { throw EndpointError.taken(path) }
        Files.remove(path)
        return try UnixSocket.listen(at: path)
    }

    /// The listening socket, once.
    func takeListener() -> Descriptor {
        defer { listener = nil }
        return Descriptor(owning: listener ?? -1)
    }

    /// Gives the place up so that no connection is lost between the last accept and our exit.
    ///
    /// systemd keeps its socket open, and what comes later waits in it. A shim's socket dies with us: its path is
    /// removed under the lock first, so that whoever comes later makes a new one; then what has connected before is
    /// accepted. If that was anybody, the path is put back and we stay.
    func retire(then accept: () -> Void, isUnused: () -> Bool) -> Bool {
        guard !isKeptByManager else {
            accept()
            return isUnused()
        }
        // Who has it may be stopped; and whoever takes it is about to connect.
        guard let lock = try? FileLock.ifFree(path + ".lock") else { return false }
        defer { lock.release() }
        let aside = path + ".retired"
        Files.move(path, to: aside)
        accept()
        guard isUnused() else {
            Files.move(aside, to: path)
            return false
        }
        Files.remove(aside)
        return true
    }
}

/// Why there is no control socket.
enum EndpointError: Error, Equatable, CustomStringConvertible {
    case unusable(PosixError)
    case exposed(String)
    case taken(String)

    var description: String {
        switch self {
        case .unusable(let error): "\(error)"
        case .exposed(let directory):
            "the socket's directory \(directory) must be a directory of this user's, mode 0700 and no link; others could get in"
        case .taken(let path): "another supervisor answers on \(path); stop it first, or set MCP_SUPERVISOR_SOCKET"
        }
    }
}
