// SPDX-License-Identifier: Apache-2.0

/// The properties that ``Limits`` has, by systemd's names, and how each value is written.
public enum LimitProperty: String, Sendable, CaseIterable {
    case memoryHigh = "MemoryHigh"
    case memoryMax = "MemoryMax"
    case memorySwapMax = "MemorySwapMax"
    case tasksMax = "TasksMax"
    case cpuWeight = "CPUWeight"

    /// Where it is in ``Limits``.
    public var keyPath: WritableKeyPath<Limits, Int64?> {
        switch self {
        case .memoryHigh: \.memoryHigh
        case .memoryMax: \.memoryMax
        case .memorySwapMax: \.memorySwapMax
        case .tasksMax: \.tasksMax
        case .cpuWeight: \.cpuWeight
        }
    }

    /// Reads a value as systemd would (systemd.resource-control(5)).
    ///
    /// - Throws: ``LimitSyntaxError`` which says what may stand there.
    public func value(_ text: String) throws(LimitSyntaxError) -> Int64 {
        if text.isEmpty {
            throw LimitSyntaxError("\(rawValue) has no value; give one, or infinity for no limit")
        }
        if text.hasSuffix("%") {
            throw LimitSyntaxError(
                "\(rawValue)=\(text): percentages are not taken, they would mean another size on every machine; "
                    + (self == .cpuWeight || self == .tasksMax ? "give a number" : "give a size such as 1G"))
        }
        switch self {
        case .memoryHigh, .memoryMax, .memorySwapMax: return try size(text)
        case .tasksMax: return try count(text)
        case .cpuWeight: return try weight(text)
        }
    }

    /// Checks a value that came as a number.
    ///
    /// - Throws: ``LimitSyntaxError`` which says what it may be.
    public func check(_ value: Int64) throws(LimitSyntaxError) {
        guard !isPossible(value) else { return }
        let most = range.upperBound == .max ? "or more, or \(Limits.infinity) for infinity" : "to \(range.upperBound)"
        throw LimitSyntaxError("\(rawValue)=\(value) is no limit; give \(range.lowerBound) \(most)")
    }

    private func isPossible(_ value: Int64) -> Bool {
        range.contains(value) || (value == Limits.infinity && self != .cpuWeight)
    }

    private var range: ClosedRange<Int64> {
        switch self {
        case .memoryHigh, .memoryMax, .tasksMax: 1...Int64.max
        case .memorySwapMax: 0...Int64.max
        case .cpuWeight: 1...10_000
        }
    }

    private func size(_ text: String) throws(LimitSyntaxError) -> Int64 {
        guard let bytes = ByteSize.parse(text), isPossible(bytes) else {
            throw LimitSyntaxError(
                "\(rawValue)=\(text) is not a size; give bytes, or a number with K, M, G or T (base 1024), or infinity")
        }
        return bytes
    }

    private func count(_ text: String) throws(LimitSyntaxError) -> Int64 {
        if text == "infinity" { return Limits.infinity }
        guard let count = Int64(text), range.contains(count) else {
            throw LimitSyntaxError("\(rawValue)=\(text) is not a number of tasks; give 1 or more, or infinity")
        }
        return count
    }

    private func weight(_ text: String) throws(LimitSyntaxError) -> Int64 {
        guard let weight = Int64(text), range.contains(weight) else {
            throw LimitSyntaxError("\(rawValue)=\(text) is not a weight; give 1 to 10000 (systemd's default is 100)")
        }
        return weight
    }

    /// A value for humans: `1.0G`, `512`, `infinity`.
    public func text(_ value: Int64) -> String {
        if value == Limits.infinity { return "infinity" }
        switch self {
        case .memoryHigh, .memoryMax, .memorySwapMax: return ByteSize.text(value)
        case .tasksMax, .cpuWeight: return String(value)
        }
    }
}

extension Limits {
    /// Sets one property from `MemoryMax=1G`.
    ///
    /// - Throws: ``LimitSyntaxError``, which names the nearest property where the name is unknown.
    public mutating func assign(_ assignment: String) throws(LimitSyntaxError) {
        guard let sign = assignment.firstIndex(of: "=") else {
            throw LimitSyntaxError("'\(assignment)' is not NAME=VALUE, such as MemoryMax=1G")
        }
        let name = String(assignment[..<sign])
        guard let property = LimitProperty(rawValue: name) else {
            let names = LimitProperty.allCases.map(\.rawValue)
            let nearest = NearestWord.to(name, among: names).map { ", did you mean \($0)" } ?? ""
            throw LimitSyntaxError("no limit is called '\(name)'\(nearest); there are \(names.joined(separator: ", "))")
        }
        self[keyPath: property.keyPath] = try property.value(String(assignment[assignment.index(after: sign)...]))
    }
}

/// A limit that could not be read.
public struct LimitSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
