// SPDX-License-Identifier: Apache-2.0

import CPosix

/// One line on stderr, whatever it holds and whoever reads it.
///
/// A reason can come from the other end of a socket: control characters become spaces, so that it stays one line and
/// cannot drive a terminal. SIGPIPE is ignored only for the write, because a command that is executed afterwards
/// inherits ignored signals (execve(2)).
func complain(_ text: String) {
    var line = Array("mcp-shim: ".utf8)
    for byte in text.utf8 {
        line.append(byte < 0x20 || byte == 0x7f ? 0x20 : byte)
    }
    line.append(0x0a)
    var former = sigaction()
    cposix_ignore_signal(SIGPIPE, &former)
    _ = write(STDERR_FILENO, line, line.count)
    cposix_restore_signal(SIGPIPE, &former)
}
