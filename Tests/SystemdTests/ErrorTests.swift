// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

@Suite struct ErrorTests {
    @Test func aFailedCallSaysWhatAndWhy() {
        #expect(SystemdError("arm a timer", code: -12).description == "cannot arm a timer: Cannot allocate memory")
    }

    @Test func aRefusalNamesMethodUnitAndReason() {
        let refused = BusError(
            method: "StopUnit", unit: "a.scope",
            reason: .refused(name: "org.freedesktop.systemd1.NoSuchUnit", message: "Unit a.scope not loaded."))
        #expect(
            refused.description
                == "the user manager refused StopUnit of a.scope: Unit a.scope not loaded. (org.freedesktop.systemd1.NoSuchUnit)"
        )
        #expect(refused.isNoSuchUnit && !refused.isUnitExists && !refused.isUnknownProperty)
    }

    @Test func anUnknownPropertyIsFoundInTheManagersWords() {
        let properties: [UnitProperty] = [.pids([1]), .string("OOMPolicy", "kill"), .uint64("MemoryMax", 1)]
        func error(_ message: String, name: String = "org.freedesktop.DBus.Error.PropertyReadOnly") -> BusError {
            BusError(
                method: "StartTransientUnit", unit: "a.scope", reason: .refused(name: name, message: message))
        }
        let words = "Cannot set property OOMPolicy, or unknown property."
        #expect(error(words).unknownProperty(among: properties) == .string("OOMPolicy", "kill"))
        #expect(error("Cannot set property MemoryMaxScale, or …").unknownProperty(among: properties) == nil)
        #expect(error(words, name: "org.freedesktop.DBus.Error.Failed").unknownProperty(among: properties) == nil)
    }

    @Test func aMissingManagerComesWithAdvice() {
        let error = BusError(method: "connect", unit: nil, reason: .system(code: 2))
        #expect(error.description.hasSuffix("try systemctl --user is-system-running"))
    }

    @Test func durationsBecomeWholeMicroseconds() {
        #expect(Duration.milliseconds(1500).wholeMicroseconds == 1_500_000)
        #expect(Duration.nanoseconds(1999).wholeMicroseconds == 1)
        #expect(Duration.seconds(-3).wholeMicroseconds == 0)
    }
}
