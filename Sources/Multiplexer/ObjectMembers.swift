// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Where the values of an object's members lie in its line; of a name that is there twice, the last.
struct ObjectMembers {
    private var ranges: [String: Range<Int>] = [:]

    /// - Parameter range: of a value that was scanned before; what is no object has no members.
    init(_ line: Span<UInt8>, _ range: Range<Int>) {
        let object = line.extracting(range)
        var scanner = JSONScanner()
        do {
            guard try scanner.opens(object, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return }
            repeat {
                let name = try scanner.skipName(object).range
                let value = try scanner.skipValue(object).range
                guard let key = String(token: name.lowerBound - 1..<name.upperBound + 1, of: object) else { continue }
                ranges[key] = value.lowerBound + range.lowerBound..<value.upperBound + range.lowerBound
            } while try scanner.continues(object, until: UInt8(ascii: "}"))
        } catch { return }
    }

    subscript(name: String) -> Range<Int>? { ranges[name] }

    /// The text of a member that is a string.
    func text(_ line: Span<UInt8>, _ name: String) -> String? {
        ranges[name].flatMap { String(token: $0, of: line) }
    }
}
