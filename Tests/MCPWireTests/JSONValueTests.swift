// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Testing

@Suite struct JSONValueTests {
    static let readable: [(String, JSONValue)] = [
        ("null", JSONValue.null),
        (" true ", true),
        ("[]", []),
        ("{}", [:]),
        (
            "[1,-0,1.10,1e2,12345678901234567890]",
            [1, .number("-0"), .number("1.10"), .number("1e2"), .number("12345678901234567890")]
        ),
        (#"{"b":1,"a":[{"c":null}]}"#, ["b": 1, "a": [["c": nil]]]),
        (#""a\n\"\\\/\b\f\r\tä\u00e4""#, "a\n\"\\/\u{8}\u{C}\r\tää"),
        (#""\ud83d\ude00""#, "😀"),
        (#""\ud83d""#, "\u{FFFD}"),
        (#""\ud83dx\ude00""#, "\u{FFFD}x\u{FFFD}"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"),
        (#"{"a":1,"a":2}"#, ["a": 2]),
    ]

    @Test(arguments: readable)
    func readsWhatTheGrammarAllows(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", #"{"a":1,}"#, #"{"a"}"#, #"{a:1}"#, "01", "1.", ".5", "+1", "1e", "-", "tru", "nul",
        "\"a",
        "\"a\nb\"", #""\x""#, #""\u12g4""#, "1 2", "{} {}", "[1 2]", "'a'", "NaN", "\u{FEFF}{}",
    ])
    func refusesWhatTheGrammarDoesNotAllow(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    }

    @Test func saysWhereAndWhatFailed() {
        #expect(throws: JSONSyntaxError(offset: 5, reason: "a value was expected")) {
            try JSONValue(parsing: #"{"a":}"#)
        }
    }

    @Test(arguments: [
        #"{"z":1.0,"a":[true,false,null],"t":"\"\\\n\u0001ä/"}"#, "[]", "{}", #"[[],{},"",-0]"#,
    ])
    func writesBackWhatItRead(text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test func limitsTheDepth() throws {
        let nested = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(throws: Never.self) { try JSONValue(parsing: nested) }
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "[" + nested + "]") }
    }

    @Test func replacesInvalidUTF8() throws {
        #expect(try JSONValue(parsing: [0x22, 0x61, 0xFF, 0x22]) == "a\u{FFFD}")
    }

    @Test func readsNumbersAsWhatTheyAre() throws {
        #expect(try JSONValue(parsing: "9007199254740993").intValue == 9_007_199_254_740_993)
        #expect(try JSONValue(parsing: "1.5").intValue == nil)
        #expect(try JSONValue(parsing: "1.5").doubleValue == 1.5)
    }

    /// One key twice among many made each of them look for itself.
    @Test(.timeLimit(.minutes(1)))
    func aKeyTwiceAmongManyIsSoonRead() throws {
        let members = (0..<40_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(try JSONValue(parsing: "{\"a\":0,\"b\":1,\"a\":2,\(members)}").objectValue)
        #expect(object.members.count == 40_002)
        #expect(object.members.prefix(2).map(\.key) == ["a", "b"] && object["a"] == 2)
    }

    @Test func objectKeepsTheOrderOfItsMembers() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["b"] = 3
        object["c"] = "x"
        object["a"] = nil
        #expect(JSONValue.object(object).text == #"{"b":3,"c":"x"}"#)
    }
}
