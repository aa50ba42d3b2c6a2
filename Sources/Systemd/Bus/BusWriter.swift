// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// A D-Bus type code as libsystemd's C functions take it.
func typeCode(_ character: Unicode.Scalar) -> CChar { CChar(truncatingIfNeeded: character.value) }

/// Appends arguments to a method call. The variadic `sd_bus_message_append` does not exist in Swift.
@safe final class BusWriter {
    let message: OpaquePointer

    /// Takes over the caller's reference.
    init(owning message: OpaquePointer) { unsafe self.message = message }

    deinit { unsafe sd_bus_message_unref(message) }

    func string(_ value: String) throws(SystemdError) {
        let result = unsafe value.withCString {
            unsafe sd_bus_message_append_basic(message, typeCode("s"), $0)
        }
        try check(result, "put a string into a bus message")
    }

    func bool(_ value: Bool) throws(SystemdError) {
        // A D-Bus boolean is a C int in libsystemd.
        try integer("b", value ? Int32(1) : 0)
    }

    func integer<Value: FixedWidthInteger>(_ type: Unicode.Scalar, _ value: Value) throws(SystemdError) {
        let result = unsafe withUnsafePointer(to: value) {
            unsafe sd_bus_message_append_basic(message, typeCode(type), $0)
        }
        try check(result, "put a number into a bus message")
    }

    func strings(_ values: [String]) throws(SystemdError) {
        try container("a", "s") { (writer: BusWriter) throws(SystemdError) in
            for value in values { try writer.string(value) }
        }
    }

    func properties(_ properties: [UnitProperty]) throws(SystemdError) {
        try container("a", "(sv)") { (writer: BusWriter) throws(SystemdError) in
            for property in properties { try property.write(to: writer) }
        }
    }

    /// Opens a container (`a`, `v`, or `r` for a struct), fills it, closes it.
    func container(
        _ type: Unicode.Scalar, _ contents: String, _ fill: (BusWriter) throws(SystemdError) -> Void
    ) throws(SystemdError) {
        try check(
            unsafe sd_bus_message_open_container(message, typeCode(type), contents), "open \(contents) in a bus message"
        )
        try fill(self)
        try check(unsafe sd_bus_message_close_container(message), "close \(contents) in a bus message")
    }
}
