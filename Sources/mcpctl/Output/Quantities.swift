// SPDX-License-Identifier: Apache-2.0
import Control

/// A span of time for humans in its two largest units: `3m 12s`, `2d 4h`.
func spanText(_ seconds: Int64) -> String {
    let units: [(suffix: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
    guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0s" }
    let large = "\(seconds / units[first].seconds)\(units[first].suffix)"
    guard first + 1 < units.count else { return large }
    let rest = seconds % units[first].seconds / units[first + 1].seconds
    return rest == 0 ? large : "\(large) \(rest)\(units[first + 1].suffix)"
}

extension View {
    /// How long ago a time of the wire was: `3m 12s`; the text as it is where it is none.
    func age(_ time: String?) -> String {
        guard let time else { return "-" }
        guard let seconds = WallTime.seconds(time) else { return time }
        return spanText(max(0, now - seconds))
    }

    /// The same, ending in `ago`.
    func ago(_ time: String?) -> String {
        guard let time, WallTime.seconds(time) != nil else { return time ?? "-" }
        return age(time) + " ago"
    }
}

/// A size for humans; `-` where it is not known.
func sizeText(_ bytes: Int64?) -> String {
    bytes.map(ByteSize.text) ?? "-"
}

/// `1 session`, `3 sessions`.
func counted(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
