// SPDX-License-Identifier: Apache-2.0

import CPosix

@main
struct Program {
    private static let exitUsage: Int32 = 2

    static func main() {
        guard let arguments = cposix_argument_values() else { _exit(exitUsage) }
        var parser = OptionParser(arguments: arguments, count: Int(cposix_argument_count()))
        do throws(UsageError) {
            switch try parser.parse() {
            case .help: printAndExit(helpText)
            case .version: printVersion()
            case .attach(let options): share(options)
            }
        } catch {
            complain(error.reason)
            _exit(exitUsage)
        }
    }

    private static func share(_ options: Options) -> Never {
        var session: Session
        do throws(Failure) {
            session = try prepare(options)
        } catch {
            Fallback.run(options, because: error.reason)
        }
        let connection: Connection?
        do throws(AttachError) {
            connection = try session.begin()
        } catch {
            session.finish()
            Fallback.run(options, because: error.reason)
        }
        let status = live(&session, connection)
        session.finish()
        _exit(status)
    }

    private static func prepare(_ options: Options) throws(Failure) -> Session {
        let streams = try StandardStreams()
        try AttachCall(options: options, resume: nil).check()
        guard let directory = Descriptor(owning: cposix_open(".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0)) else {
            throw Failure("cannot open the working directory", errno: cposix_errno())
        }
        return Session(options, streams, directory, try ControlPath())
    }

    /// The backend's state is with the supervisor now: to run the command in mid-session would lose the handshake.
    private static func live(_ session: inout Session, _ connection: consuming Connection?) -> Int32 {
        guard let connection else { return 0 }
        do throws(AttachError) {
            try session.live(on: connection)
            return 0
        } catch {
            complain(error.reason + "; the session is lost")
            return exitUnavailable
        }
    }

    private static func printVersion() -> Never {
        var line = Array("mcp-shim ".utf8)
        line.append(contentsOf: version.utf8)
        line.append(UInt8(ascii: "\n"))
        _ = write(STDOUT_FILENO, line, line.count)
        _exit(0)
    }

    private static func printAndExit(_ text: StaticString) -> Never {
        _ = write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(0)
    }
}
