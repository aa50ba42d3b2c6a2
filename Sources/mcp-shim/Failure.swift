// SPDX-License-Identifier: Apache-2.0

import CPosix

/// Why a session cannot be shared: what failed, on what, and why, as the middle of a sentence.
struct Failure: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// - Parameter code: the errno that goes with `attempt`, for instance "cannot create /run/x".
    init(_ attempt: String, errno code: Int32) {
        reason = attempt + ": " + systemErrorText(code)
    }
}

func systemErrorText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error " + String(code) }
    return String(cString: text)
}
