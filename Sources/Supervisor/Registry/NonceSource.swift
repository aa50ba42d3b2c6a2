// SPDX-License-Identifier: Apache-2.0

/// Parts of unit names that no supervisor of this user has used before: a unit that is being stopped, our
/// predecessor's, would take one of the same name down with it, and service managers start us within the second.
struct NonceSource {
    private var last: Int64 = 0

    /// The next one, in base 36.
    /// - Parameter now: microseconds since 1970. A clock that stands still or is set back repeats nothing here.
    mutating func next(now: Int64) -> String {
        last = max(last + 1, now)
        return String(last, radix: 36)
    }
}
