// SPDX-License-Identifier: Apache-2.0
import MCPWire

/// A Varlink type, as far as our interface uses them (https://varlink.org/Interface-Definition).
indirect enum VarlinkType: Equatable {
    case named(String)
    case optional(VarlinkType)
    case array(VarlinkType)
    case map(VarlinkType)
    case structure([Field])
    case words([String])

    struct Field: Equatable {
        var name: String
        var type: VarlinkType
    }
}

/// The declarations of an interface text.
struct VarlinkText {
    var types: [String: VarlinkType] = [:]
    var methods: [String: (parameters: VarlinkType, reply: VarlinkType)] = [:]
    var errors: [String: VarlinkType] = [:]
    private var tokens: ArraySlice<String> = []

    init(_ text: String) {
        let lines = text.split(separator: "\n").map { $0.prefix { $0 != "#" } }
        tokens = Self.tokens(lines.joined(separator: "\n"))[...]
        while let word = tokens.popFirst() {
            switch word {
            case "interface": _ = next()
            case "type": types[next()] = type()
            case "error": errors[next()] = type()
            case "method":
                let name = next()
                let parameters = type()
                _ = next()
                methods[name] = (parameters, type())
            default: break
            }
        }
    }

    private static func tokens(_ text: String) -> [String] {
        var tokens: [String] = []
        var word = ""
        for character in text + " " {
            if character.isLetter || character.isNumber || character == "_" || character == "." {
                word.append(character)
                continue
            }
            if !word.isEmpty { tokens.append(word) }
            word = ""
            if !character.isWhitespace { tokens.append(String(character)) }
        }
        // The arrow of a method is one token.
        return tokens.filter { $0 != ">" }
    }

    private mutating func next() -> String { tokens.popFirst() ?? "" }

    private mutating func type() -> VarlinkType {
        switch next() {
        case "?": return .optional(type())
        case "[":
            if next() == "]" { return .array(type()) }
            _ = next()
            return .map(type())
        case "(": return members()
        case let name: return .named(name)
        }
    }

    private mutating func members() -> VarlinkType {
        var fields: [VarlinkType.Field] = []
        var words: [String] = []
        while true {
            let name = next()
            if name == ")" || name.isEmpty { return words.isEmpty ? .structure(fields) : .words(words) }
            if tokens.first == ":" {
                _ = next()
                fields.append(.init(name: name, type: type()))
            } else {
                words.append(name)
            }
            if tokens.first == "," { _ = next() }
        }
    }

    /// What is wrong with a value of a type, each with its path; nothing when it fits exactly, order included.
    func faults(_ value: JSONValue, as type: VarlinkType, at path: String = "$") -> [String] {
        switch (type, value) {
        case (.optional, .null): return []
        case (.optional(let wrapped), _): return faults(value, as: wrapped, at: path)
        case (.array(let element), .array(let values)):
            return values.enumerated().flatMap { faults($1, as: element, at: "\(path)[\($0)]") }
        case (.map(let element), .object(let object)):
            return object.members.flatMap { faults($0.value, as: element, at: "\(path).\($0.key)") }
        case (.words(let words), .string(let word)): return words.contains(word) ? [] : ["\(path): \(word)"]
        case (.structure(let fields), .object(let object)):
            let names = object.members.map(\.key)
            guard names == fields.map(\.name) else { return ["\(path): \(names) instead of \(fields.map(\.name))"] }
            return zip(fields, object.members).flatMap { faults($1.value, as: $0.type, at: "\(path).\($0.name)") }
        case (.named("string"), .string), (.named("bool"), .bool), (.named("float"), .number),
            (.named("object"), .object):
            return []
        case (.named("int"), .number): return value.intValue == nil ? ["\(path): \(value) is no int"] : []
        case (.named(let name), _):
            return types[name].map { faults(value, as: $0, at: path) } ?? ["\(path): \(value) is no \(name)"]
        default: return ["\(path): \(value) is no \(type)"]
        }
    }
}
