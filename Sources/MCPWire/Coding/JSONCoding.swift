// SPDX-License-Identifier: Apache-2.0

/// Codable over ``JSONValue``, without Foundation, which the supervisor must not link.
///
/// Keys are written in the order of a type's `CodingKeys`, and a `nil` optional as an explicit `null`: scripts index
/// them. Bytes (`[UInt8]`) are written as text, see ``EncodedBytes``.
public enum JSONCoding {
    /// The JSON form of `value`.
    ///
    /// - Throws: ``CodingFailure`` where a value has no JSON form (a number that is not finite).
    public static func encode(_ value: some Encodable) throws(CodingFailure) -> JSONValue {
        let slot = EncodingSlot()
        do {
            try JSONTreeEncoder(slot: slot, codingPath: []).write(value)
        } catch {
            throw CodingFailure(error)
        }
        return slot.json
    }

    /// Reads a `Value` from its JSON form. Unknown keys are ignored.
    ///
    /// - Throws: ``CodingFailure`` with the path to the member that is missing or of the wrong kind.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from json: JSONValue
    ) throws(CodingFailure) -> Value {
        do {
            return try JSONTreeDecoder(json: json, codingPath: []).value(type)
        } catch {
            throw CodingFailure(error)
        }
    }
}

/// A value that has no JSON form, or JSON that is not the value asked for.
public struct CodingFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where: `backends[2].pid`; empty for the whole.
    public var path: String
    /// What is wrong there: `expected an integer, found a string`.
    public var reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { path.isEmpty ? reason : "\(path): \(reason)" }

    init(_ error: any Error) {
        switch error {
        case let failure as CodingFailure:
            self = failure
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            self.init(path: Self.path(context.codingPath), reason: context.debugDescription)
        case DecodingError.keyNotFound(let key, let context):
            self.init(path: Self.path(context.codingPath + [key]), reason: "missing")
        case EncodingError.invalidValue(_, let context):
            self.init(path: Self.path(context.codingPath), reason: context.debugDescription)
        default:
            self.init(path: "", reason: String(describing: error))
        }
    }

    static func path(_ keys: [any CodingKey]) -> String {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path
    }
}

/// The key of a place in an array.
struct IndexKey: CodingKey {
    var index: Int
    var stringValue: String { String(index) }
    var intValue: Int? { index }

    init(_ index: Int) { self.index = index }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { index = intValue }
}
