// SPDX-License-Identifier: Apache-2.0

import CPosix

typealias CString = UnsafePointer<CChar>
typealias ArgumentList = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// What the supervisor tells a gate on its command line.
struct Settings {
    /// One byte comes here when the command may run.
    var go: Int32 = -1
    /// The errno of a failed execve(2) goes there.
    var status: Int32 = -1
    var descriptorLimit: rlim_t?
    var umask: mode_t?
    var oomAdjustment: Int?
    var diesWithParent = false
    /// The command as execve(2) wants it, ended by nil.
    var command: ArgumentList
}

extension Settings {
    /// `GOFD STATUSFD [--nofile SOFT] [--umask OCTAL] [--oom-adjust N] [--pdeathsig] -- COMMAND [ARG…]`, or nil.
    init?(arguments: ArgumentList, count: Int) {
        command = arguments
        guard count > 2, let go = number(arguments[1], 0...Int(Int32.max)),
            let status = number(arguments[2], 0...Int(Int32.max))
        else { return nil }
        self.go = Int32(go)
        self.status = Int32(status)
        var next = 3
        while next < count, let option = arguments[next] {
            next += 1
            if strcmp(option, "--") == 0 {
                guard next < count else { return nil }
                command = arguments + next
                return
            }
            if strcmp(option, "--pdeathsig") == 0 {
                diesWithParent = true
                continue
            }
            guard next < count, take(option, arguments[next]) else { return nil }
            next += 1
        }
        return nil
    }

    private mutating func take(_ option: CString, _ value: UnsafeMutablePointer<CChar>?) -> Bool {
        if strcmp(option, "--nofile") == 0 {
            guard let limit = number(value, 0...Int.max) else { return false }
            descriptorLimit = rlim_t(limit)
        } else if strcmp(option, "--umask") == 0 {
            guard let mask = number(value, 0...0o777, base: 8) else { return false }
            umask = mode_t(mask)
        } else if strcmp(option, "--oom-adjust") == 0 {
            guard let adjustment = number(value, -1000...1000) else { return false }
            oomAdjustment = adjustment
        } else {
            return false
        }
        return true
    }
}

/// The whole of `text` as a number in the range, or nil.
private func number(_ text: UnsafeMutablePointer<CChar>?, _ range: ClosedRange<Int>, base: Int32 = 10) -> Int? {
    guard let text, text.pointee != 0 else { return nil }
    var end: UnsafeMutablePointer<CChar>?
    cposix_set_errno(0)
    let value = strtol(text, &end, base)
    guard cposix_errno() == 0, end?.pointee == 0, range.contains(value) else { return nil }
    return value
}
