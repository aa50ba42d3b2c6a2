// SPDX-License-Identifier: Apache-2.0
import Control
import MCPWire
import Testing

@Suite struct JSONCodingTests {
    struct Everything: Codable, Equatable {
        enum Colour: String, Codable { case red, green }
        struct Inner: Codable, Equatable { var text: String? }

        var flag: Bool? = nil
        var text: String? = nil
        var double: Double? = nil
        var float: Float? = nil
        var small: Int8? = nil
        var byte: UInt8? = nil
        var wide: UInt64? = nil
        var colour: Colour? = nil
        var inner: Inner? = nil
        var list: [Int?]? = nil
        var nested: [[Inner]]? = nil
    }

    @Test func whatIsNilIsAnExplicitNullOfEveryKind() throws {
        let json = try JSONCoding.encode(Everything())
        #expect(json.objectValue?.members.map(\.key).count == 11)
        #expect(json.objectValue?.members.allSatisfy { $0.value == .null } == true)
        #expect(try JSONCoding.decode(Everything.self, from: json) == Everything())
        #expect(try JSONCoding.decode(Everything.self, from: [:]) == Everything())
    }

    @Test func everyKindComesBack() throws {
        let full = Everything(
            flag: true, text: "ä\u{0}\n\"", double: 1.25, float: 0.5, small: -128, byte: 255, wide: .max,
            colour: .green,
            inner: .init(text: "x"), list: [1, nil, 3], nested: [[.init(text: nil)], []])
        let text = try JSONCoding.encode(full).text
        let again = try JSONValue(parsing: text)
        #expect(try JSONCoding.decode(Everything.self, from: again) == full)
        #expect(again["nested"]?.text == #"[[{"text":null}],[]]"#)
        #expect(again["wide"]?.text == "18446744073709551615")
    }

    @Test func keysAreInTheOrderOfTheCodingKeys() throws {
        let keys = try JSONCoding.encode(Samples.backend).objectValue?.members.map(\.key)
        #expect(
            keys == [
                "id", "server", "repo", "share", "state", "unit", "pid", "generation", "era", "sessions", "holds",
                "in_flight", "restarts", "memory", "limits", "started_at", "idle_since", "last_exit", "hibernation",
                "changed_tools", "cpu_s", "calls",
            ])
    }

    @Test func aTypeWithoutMembersIsAnEmptyObject() throws {
        #expect(try JSONCoding.encode(EmptyReply()) == [:])
    }

    @Test func failuresSayWhereAndWhat() {
        func failure(_ change: (inout JSONObject) -> Void) -> CodingFailure? {
            do {
                var status = try #require(JSONCoding.encode(Samples.status).objectValue)
                change(&status)
                _ = try JSONCoding.decode(StatusReply.self, from: .object(status))
                return nil
            } catch {
                return error as? CodingFailure
            }
        }
        #expect(failure { $0["savings"] = .null }?.description == "savings: expected an object, found null")
        #expect(failure { $0["savings"] = nil as JSONValue? }?.description == "savings: missing")
        #expect(failure { $0["sessions"] = [1] }?.description == "sessions[0]: expected an object, found the number 1")
        #expect(failure { $0["savings"] = ["unshared_bytes": 1.5] }?.path == "savings.unshared_bytes")
        #expect(failure { $0["sessions"] = "x" }?.description == "sessions: expected an array, found a string")
    }

    @Test func aNumberOutOfRangeIsRefused() {
        #expect(throws: CodingFailure(path: "", reason: "300 is out of range")) {
            _ = try JSONCoding.decode(UInt8.self, from: 300)
        }
    }

    @Test func whatJSONHasNoNumberForIsRefused() {
        #expect(throws: CodingFailure.self) { _ = try JSONCoding.encode([Double.nan]) }
    }

    @Test func rawJSONPassesAsItIs() throws {
        let document = try JSONValue(parsing: #"{"b":1.50,"a":[null,12345678901234567890]}"#)
        let reply = ResultReply(result: JSONDocument(document))
        #expect(try JSONCoding.encode(reply).text == #"{"result":{"b":1.50,"a":[null,12345678901234567890]}}"#)
    }

    @Test func namedValuesKeepTheirOrder() throws {
        var values: NamedValues = ["z": "1", "a": "2", "m": "3"]
        values["a"] = nil
        values["z"] = "4"
        values["b"] = "5"
        let json = try JSONCoding.encode(values)
        #expect(json.text == #"{"z":"4","m":"3","b":"5"}"#)
        #expect(try JSONCoding.decode(NamedValues.self, from: json) == values)
    }
}
