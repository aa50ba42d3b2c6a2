// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Reads the arguments of a received message in order. Valid only inside the callback that got the message.
@safe struct BusReader {
    private let message: OpaquePointer

    init(_ message: OpaquePointer) { unsafe self.message = message }

    /// The error that the message is, if it is one.
    var error: (name: String, message: String)? {
        guard let error = unsafe sd_bus_message_get_error(message), let name = unsafe error.pointee.name else {
            return nil
        }
        let text = unsafe error.pointee.message.map { unsafe String(cString: $0) }
        return (unsafe String(cString: name), text ?? "no message")
    }

    /// A string, object path or signature.
    func string(_ type: Unicode.Scalar = "s") throws(SystemdError) -> String {
        var text: UnsafePointer<CChar>?
        let result = unsafe sd_bus_message_read_basic(message, typeCode(type), &text)
        guard result > 0, let text = unsafe text else { throw unexpected(result, String(type)) }
        return unsafe String(cString: text)
    }

    func integer<Value: FixedWidthInteger>(_ type: Unicode.Scalar, as: Value.Type) throws(SystemdError) -> Value {
        var value: Value = 0
        let result = unsafe sd_bus_message_read_basic(message, typeCode(type), &value)
        guard result > 0 else { throw unexpected(result, String(type)) }
        return value
    }

    func bool() throws(SystemdError) -> Bool { try integer("b", as: Int32.self) != 0 }

    /// Enters a container; false at the end of the surrounding array.
    func enter(_ type: Unicode.Scalar, _ contents: String) throws(SystemdError) -> Bool {
        try check(unsafe sd_bus_message_enter_container(message, typeCode(type), contents), "read \(contents)") > 0
    }

    func exit() throws(SystemdError) {
        try check(unsafe sd_bus_message_exit_container(message), "read to the end of a container")
    }

    func skip(_ types: String) throws(SystemdError) {
        try check(unsafe sd_bus_message_skip(message, types), "skip \(types)")
    }

    /// Reads an array of strings.
    func strings() throws(SystemdError) -> [String] {
        guard try enter("a", "s") else { throw unexpected(0, "as") }
        var result: [String] = []
        var text: UnsafePointer<CChar>?
        while true {
            let read = try check(unsafe sd_bus_message_read_basic(message, typeCode("s"), &text), "read “s”")
            guard read > 0, let text = unsafe text else { break }
            result.append(unsafe String(cString: text))
        }
        try exit()
        return result
    }

    /// Reads an array of structs or dictionary entries.
    func array<Element>(
        of type: Unicode.Scalar, _ contents: String, _ read: (BusReader) throws(SystemdError) -> Element
    ) throws(SystemdError) -> [Element] {
        let element = type == "r" ? "(\(contents))" : "{\(contents)}"
        guard try enter("a", element) else { throw unexpected(0, element) }
        var result: [Element] = []
        while try enter(type, contents) {
            result.append(try read(self))
            try exit()
        }
        try exit()
        return result
    }

    /// Reads a variant of a known type.
    func variant<Value>(
        _ contents: String, _ read: (BusReader) throws(SystemdError) -> Value
    ) throws(SystemdError) -> Value {
        guard try enter("v", contents) else { throw unexpected(0, "v") }
        let value = try read(self)
        try exit()
        return value
    }

    private func unexpected(_ result: Int32, _ type: String) -> SystemdError {
        // 0 is "the message ends here": EBADMSG, as libsystemd says for other malformed ones.
        SystemdError("read “\(type)” from a bus message", code: result < 0 ? result : 74)
    }
}
