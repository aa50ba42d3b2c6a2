// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// A member of an object, as it was written.
struct RawMember {
    let name: String
    let value: Range<Int>
    let kind: JSONKind
}

/// The members of the object in `range`, in order; nil for anything else. Nothing of the values is decoded.
func rawMembers(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [RawMember]? {
    var scanner = JSONScanner(at: range.lowerBound)
    var members: [RawMember] = []
    do {
        guard try scanner.opens(bytes, UInt8(ascii: "{"), UInt8(ascii: "}")) else { return [] }
        repeat {
            let name = try scanner.skipName(bytes)
            let value = try scanner.skipValue(bytes)
            let text = String(token: name.range.lowerBound - 1..<name.range.upperBound + 1, of: bytes) ?? ""
            members.append(RawMember(name: text, value: value.range, kind: value.kind))
        } while try scanner.continues(bytes, until: UInt8(ascii: "}"))
    } catch { return nil }
    return members
}

func rawMembers(_ bytes: [UInt8]) -> [RawMember]? { rawMembers(bytes.span, 0..<bytes.count) }

/// The elements of the array in `range`; nil for anything else.
func rawElements(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>]? {
    var scanner = JSONScanner(at: range.lowerBound)
    var elements: [Range<Int>] = []
    do {
        guard try scanner.opens(bytes, UInt8(ascii: "["), UInt8(ascii: "]")) else { return [] }
        repeat {
            elements.append(try scanner.skipValue(bytes).range)
        } while try scanner.continues(bytes, until: UInt8(ascii: "]"))
    } catch { return nil }
    return elements
}

extension [RawMember] {
    /// The last one counts, as in every parser we met.
    subscript(name: String) -> RawMember? { last { $0.name == name } }
}

extension [UInt8] {
    mutating func write(_ text: String) { append(contentsOf: text.utf8) }

    /// A part of a message as bytes of their own, on one line.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self.init()
        append(bytes, range)
        // Raw line breaks stand only between tokens, where a space means the same.
        for index in indices where self[index] == 0x0A || self[index] == 0x0D { self[index] = 0x20 }
    }
}
