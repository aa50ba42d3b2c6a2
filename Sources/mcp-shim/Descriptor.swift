// SPDX-License-Identifier: Apache-2.0

import CPosix

/// A descriptor that this value owns; it is closed when the value goes.
struct Descriptor: ~Copyable {
    let raw: Int32

    /// Takes over `fresh`, which is close-on-exec; nil, with errno as it was, for -1.
    init?(owning fresh: Int32) {
        let number = moveAboveStandardStreams(fresh)
        guard number >= 0 else { return nil }
        raw = number
    }

    deinit {
        close(raw)
    }
}

/// An agent may start us with stdin, stdout or stderr closed. A new descriptor would then get such a number, and our
/// messages or the command's output would go there.
private func moveAboveStandardStreams(_ fresh: Int32) -> Int32 {
    guard (STDIN_FILENO...STDERR_FILENO).contains(fresh) else { return fresh }
    let moved = cposix_fcntl_set(fresh, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
    let code = cposix_errno()
    close(fresh)
    cposix_set_errno(code)
    return moved
}
