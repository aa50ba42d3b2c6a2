// SPDX-License-Identifier: Apache-2.0
import Control
import Testing

@Suite struct ByteSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("4096", 4096), ("1K", 1024), ("512M", 512 << 20), ("1.5G", 3 << 29), ("2T", 2 << 40),
            ("infinity", -1),
        ] as [(String, Int64)])
    func sizesAreReadAsSystemdDoes(text: String, bytes: Int64) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(arguments: ["", "G", "-1", "-1G", "1g", "1GB", "1 G", "0x10", "1e3", "1e3M", "9999999999G", "10%", "½G"])
    func whatIsNoSizeIsNil(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test func sizesForHumansHaveOneDecimal() {
        #expect(ByteSize.text(266_442_342) == "254.1M")
        #expect(ByteSize.text(1 << 30) == "1.0G")
        #expect(ByteSize.text((1 << 30) - 1) == "1.0G")
        #expect(ByteSize.text(512) == "512B")
        #expect(ByteSize.text(-1) == "infinity")
    }
}

@Suite struct TimeSpanTests {
    @Test(
        arguments: [
            ("90", 90_000), ("10min", 600_000), ("1h 30s", 3_630_000), ("1h30s", 3_630_000), ("500ms", 500),
            ("1.5h", 5_400_000), ("2 days", 172_800_000), ("1w", 604_800_000), ("1M", 2_629_800_000),
            ("infinity", .max), ("off", .max),
        ] as [(String, Int64)])
    func spansAreReadAsSystemdDoes(text: String, milliseconds: Int64) {
        #expect(TimeSpan.parse(text) == milliseconds)
    }

    @Test(arguments: ["", " ", "soon", "10 parsecs", "-5", "1h -5s", "min", "1..5h"])
    func whatIsNoSpanIsNil(text: String) {
        #expect(TimeSpan.parse(text) == nil)
    }
}

@Suite struct LimitPropertyTests {
    private func assigned(_ assignments: String...) throws -> Limits {
        var limits = Limits()
        for assignment in assignments { try limits.assign(assignment) }
        return limits
    }

    @Test func assignmentsAreReadInSystemdsUnits() throws {
        #expect(try assigned("MemoryMax=1G", "MemorySwapMax=0") == Limits(memoryMax: 1 << 30, memorySwapMax: 0))
        #expect(try assigned("TasksMax=infinity", "CPUWeight=10000") == Limits(tasksMax: -1, cpuWeight: 10_000))
        #expect(try assigned("MemoryHigh=infinity", "MemoryHigh=1M") == Limits(memoryHigh: 1 << 20))
    }

    @Test(arguments: [
        ("MemoryMx=1G", "did you mean MemoryMax"), ("memoryhigh=1G", "did you mean MemoryHigh"),
        ("Elephants=1", "no limit is called 'Elephants';"), ("MemoryMax", "NAME=VALUE"), ("MemoryMax=", "no value"),
        ("MemoryMax=0", "not a size"), ("MemoryMax=50%", "percentages"), ("TasksMax=1.5", "1 or more"),
        ("TasksMax=-1", "1 or more"), ("CPUWeight=0", "1 to 10000"), ("CPUWeight=idle", "1 to 10000"),
    ])
    func anythingElseSaysWhatMayStandThere(assignment: String, words: String) {
        let error = #expect(throws: LimitSyntaxError.self) { try assigned(assignment) }
        #expect(error?.description.contains(words) == true, "\(error as Any)")
    }

    @Test(
        arguments: [
            (.memoryHigh, 0, "1 or more"), (.memoryMax, -5, "1 or more, or -1 for infinity"),
            (.memorySwapMax, -2, "0 or more, or -1 for infinity"), (.tasksMax, .min, "1 or more"),
            (.cpuWeight, 10_001, "give 1 to 10000"), (.cpuWeight, -1, "give 1 to 10000"),
        ] as [(LimitProperty, Int64, String)])
    func aNumberThatIsNoLimitSaysWhichThereAre(property: LimitProperty, value: Int64, words: String) {
        let error = #expect(throws: LimitSyntaxError.self) { try property.check(value) }
        #expect(error?.description.hasPrefix("\(property.rawValue)=\(value) ") == true, "\(error as Any)")
        #expect(error?.description.contains(words) == true, "\(error as Any)")
    }

    @Test(arguments: LimitProperty.allCases)
    func infinityIsALimitButOfAWeight(property: LimitProperty) throws {
        for value: Int64 in [1, 10_000] { try property.check(value) }
        if property != .cpuWeight { for value: Int64 in [Limits.infinity, .max] { try property.check(value) } }
    }

    @Test func everyPropertyHasItsPlace() {
        var limits = Limits()
        for (value, property) in LimitProperty.allCases.enumerated() {
            limits[keyPath: property.keyPath] = Int64(value)
        }
        #expect(limits == Limits(memoryHigh: 0, memoryMax: 1, memorySwapMax: 2, tasksMax: 3, cpuWeight: 4))
    }
}

@Suite struct WallTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799), ("2026-11-22T12:00:00Z", 1_795_348_800),
            ("2026-11-22T12:00:00.75Z", 1_795_348_800), ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] as [(String, Int64)])
    func timesAreSecondsSince1970(text: String, seconds: Int64) {
        #expect(WallTime.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "2026-11-22T12:00:00+01:00", "2026-13-22T12:00:00Z", "x026-11-22T12:00:00Z",
    ])
    func whatIsNoTimeIsNil(text: String) {
        #expect(WallTime.seconds(text) == nil)
    }
}
