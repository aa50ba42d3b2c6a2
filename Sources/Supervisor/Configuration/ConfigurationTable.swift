// SPDX-License-Identifier: Apache-2.0

import Control
import TOMLKit
import ToolSearch

/// One table of a configuration file, read key by key with errors that name file and line.
struct ConfigurationTable {
    let file: String
    let text: String
    /// The names of the tables above this one: `["server", "serena"]`.
    let path: [String]
    let table: TOMLTable

    /// Parses a file's text.
    init(file: String, text: String) throws(ConfigurationError) {
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                file: file, line: error.source.begin.line, reason: "not TOML: \(error.description)")
        } catch {
            throw ConfigurationError(file: file, line: nil, reason: "not TOML: \(error)")
        }
        self.file = file
        self.text = text
        path = []
    }

    private init(inside outer: ConfigurationTable, key: String, table: TOMLTable) {
        file = outer.file
        text = outer.text
        path = outer.path + [key]
        self.table = table
    }

    var keys: [String] { table.keys.sorted() }

    /// Refuses keys that are not in `known`, naming the nearest that is.
    func refuseUnknown(known: [String]) throws(ConfigurationError) {
        for key in keys where !known.contains(key) {
            let place = path.isEmpty ? "" : " in [\(path.joined(separator: "."))]"
            let hint = NearestWord.to(key, among: known).map { "; did you mean \($0)?" }
            throw error(key, "unknown key \(key)\(place)\(hint ?? "; known: \(known.joined(separator: ", "))")")
        }
    }

    func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let value = table[key] else { return nil }
        guard let string = value.string else { throw error(key, "\(key) must be a string") }
        return string
    }

    func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let value = table[key] else { return nil }
        guard let array = value.array else { throw error(key, "\(key) must be a list of strings") }
        var strings: [String] = []
        for element in array {
            guard let string = element.string else { throw error(key, "\(key) must be a list of strings") }
            strings.append(string)
        }
        return strings
    }

    func table(_ key: String) throws(ConfigurationError) -> ConfigurationTable? {
        guard let value = table[key] else { return nil }
        guard let inner = value.table else { throw error(key, "\(key) must be a table") }
        return ConfigurationTable(inside: self, key: key, table: inner)
    }

    /// A span of time in milliseconds.
    func span(_ key: String) throws(ConfigurationError) -> Int64? {
        guard let value = table[key] else { return nil }
        // A whole number is one of seconds, as it is in a string.
        guard let text = value.string ?? value.int.map({ String($0) }), let span = TimeSpan.parse(text) else {
            throw error(key, "\(key) must be a span of time such as \"10min\", \"1h 30s\" or \"off\"")
        }
        return span
    }

    /// A span of time that is not none.
    func time(_ key: String) throws(ConfigurationError) -> Int64? {
        guard let span = try span(key) else { return nil }
        guard span > 0 else { throw error(key, "\(key) must be longer than 0") }
        return span
    }

    /// A limit, in the syntax that `mcpctl limits` has too; a number may stand without quotes.
    func limit(_ property: LimitProperty) throws(ConfigurationError) -> Int64? {
        let key = property.rawValue
        guard let value = table[key] else { return nil }
        guard let text = value.string ?? value.int.map({ String($0) }) else {
            throw error(key, "\(key) must be a number, or a string such as \"512M\" or \"infinity\"")
        }
        do {
            return try property.value(text)
        } catch {
            throw self.error(key, error.description)
        }
    }

    func bool(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = table[key] else { return nil }
        guard let bool = value.bool else { throw error(key, "\(key) must be true or false") }
        return bool
    }

    /// `true`, `false` or `"auto"`.
    func metaTools(_ key: String) throws(ConfigurationError) -> MetaToolMode? {
        guard let value = table[key] else { return nil }
        if let bool = value.bool { return bool ? .on : .off }
        guard value.string == "auto" else { throw error(key, "\(key) must be true, false or \"auto\"") }
        return .auto
    }

    /// A size in bytes; `infinity` is the largest there is.
    func size(_ key: String, least: Int64) throws(ConfigurationError) -> Int64? {
        guard let value = table[key] else { return nil }
        guard let text = value.string ?? value.int.map({ String($0) }), let bytes = ByteSize.parse(text),
            bytes == Limits.infinity || bytes >= least
        else {
            let smallest = least > 0 ? ", not below \(ByteSize.text(least))" : ""
            throw error(key, "\(key) must be a size such as \"64M\" or \"infinity\"\(smallest)")
        }
        return bytes == Limits.infinity ? Int64.max : bytes
    }

    /// A number of things, 1 or more.
    func count(_ key: String) throws(ConfigurationError) -> Int64? {
        guard let value = table[key] else { return nil }
        guard let count = value.int, count > 0 else { throw error(key, "\(key) must be a number, 1 or more") }
        return Int64(count)
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ type: Value.Type
    ) throws(ConfigurationError) -> Value? {
        guard let text = try string(key) else { return nil }
        guard let value = Value(rawValue: text) else {
            let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(key, "\(key) is \"\(text)\", but must be one of \(words)")
        }
        return value
    }

    func error(_ key: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(file: file, line: SourceLines(text).line(of: key, in: path), reason: reason)
    }
}
