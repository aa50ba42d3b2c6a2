// SPDX-License-Identifier: Apache-2.0

import MCPWire

/// Messages in which more than a token or two is replaced: those that pass from one era to the other.
extension Actions {
    /// Copies a message with some of its parts replaced; everything else leaves byte for byte.
    ///
    /// - Parameter edits: what takes the place of what; the ranges do not overlap.
    mutating func splice(_ line: Span<UInt8>, _ envelope: borrowing Envelope, _ edits: [Edit]) {
        let start = bytes.count
        write(line, envelope.object, edits)
        if envelope.hasLineBreaks { replaceLineBreaks(in: &bytes, from: start) }
    }

    /// The same for a part of a message.
    mutating func write(_ line: Span<UInt8>, _ range: Range<Int>, _ edits: [Edit]) {
        var place = range.lowerBound
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            bytes.append(line, place..<edit.range.lowerBound)
            edit.write(to: &bytes)
            place = edit.range.upperBound
        }
        bytes.append(line, place..<range.upperBound)
    }
}

/// An object's members in front of its first, as text without the brackets.
///
/// - Parameter object: where the object lies, and whether it has members of its own.
func insertion(of members: [UInt8], in object: Range<Int>, isEmpty: Bool) -> Edit {
    let place = object.lowerBound + 1
    return Edit(range: place..<place, replacement: .text(isEmpty ? members : members + [UInt8(ascii: ",")]))
}

/// Whether an object that was scanned before has no members.
func isEmptyObject(_ line: Span<UInt8>, _ object: Range<Int>) -> Bool {
    for index in object.lowerBound + 1..<object.upperBound - 1 where line[index] > 0x20 { return false }
    return true
}

/// Members joined by commas.
func joined(_ members: [[UInt8]]) -> [UInt8] { Array(members.joined(separator: [UInt8(ascii: ",")])) }

/// `"name":value`, the value as raw JSON.
func member(_ name: String, _ value: some Sequence<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    writeJSONString(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(contentsOf: value)
    return bytes
}

/// The text of a token as bytes.
func bytes(of token: RawToken) -> [UInt8] {
    var bytes: [UInt8] = []
    token.write(to: &bytes)
    return bytes
}
