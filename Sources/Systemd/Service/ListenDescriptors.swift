// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The descriptors that the service manager passed: sockets and stored ones in any order, told apart by their names.
/// Takes them from the environment, so a second call returns none. All are close-on-exec and the caller's.
public func listenDescriptors() -> [(name: String, descriptor: Int32)] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = unsafe sd_listen_fds_with_names(1, &names)
    defer { unsafe free(names) }
    guard count > 0 else { return [] }
    return (0..<Int(count)).map { index in
        let name = unsafe names?[index]
        defer { unsafe free(name) }
        let text = unsafe name.map { unsafe String(cString: $0) } ?? "unknown"
        // SD_LISTEN_FDS_START
        return (text, 3 + Int32(index))
    }
}
