// SPDX-License-Identifier: Apache-2.0

/// One Varlink reply to `Attach`.
struct Reply {
    /// The error's full name; everything else is then only a reason.
    var error: [UInt8]?
    var reason: [UInt8]?
    /// A new value to continue the session with, when there is one.
    var resume: [UInt8]?
    /// More replies follow; a reply without it says that the session is over.
    var continues = false

    /// The supervisor is about to go and another will come: that is no refusal.
    var isDraining: Bool {
        guard let error else { return false }
        return error.elementsEqual("io.mcpctl.Supervisor.Draining".utf8)
    }

    /// The reason, or the error's name without one.
    var explanation: String {
        String(decoding: reason ?? error ?? [], as: UTF8.self)
    }

    /// - Parameter bytes: the message without its NUL.
    init(parsing bytes: [UInt8]) throws(JSONError) {
        guard bytes.withUnsafeBufferPointer({ isUTF8($0) }) else { throw JSONError(offset: 0) }
        var reader = JSONReader(bytes)
        var reply = Reply()
        reader.skipSpace()
        try reader.readObject { reader, key throws(JSONError) in
            if key.elementsEqual("error".utf8) {
                reply.error = try reader.readString()
            } else if key.elementsEqual("continues".utf8) {
                reply.continues = try reader.readBool()
            } else if key.elementsEqual("parameters".utf8), reader.next == UInt8(ascii: "{") {
                try reader.readObject { reader, key throws(JSONError) in try reply.take(key, from: &reader) }
            } else {
                try reader.skipValue()
            }
        }
        try reader.expectEnd()
        self = reply
    }

    private init() {}

    private mutating func take(_ key: [UInt8], from reader: inout JSONReader) throws(JSONError) {
        if key.elementsEqual("reason".utf8) {
            reason = try reader.readOptionalString()
        } else if key.elementsEqual("resume".utf8) {
            resume = try reader.readOptionalString()
        } else {
            try reader.skipValue()
        }
    }
}
