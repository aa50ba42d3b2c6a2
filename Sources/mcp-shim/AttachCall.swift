// SPDX-License-Identifier: Apache-2.0

import CPosix

/// The one call a shim makes: `io.mcpctl.Supervisor.Attach`, with `more`, ended by NUL as Varlink wants it.
struct AttachCall {
    let options: Options
    /// What the supervisor last gave us to continue the session with.
    let resume: [UInt8]?

    var message: [UInt8] {
        var text = JSONText()
        text.append("{\"method\":\"io.mcpctl.Supervisor.Attach\",\"parameters\":{\"argv\":")
        appendArguments(to: &text)
        appendEnvironment(to: &text)
        text.append(",\"pid\":")
        text.append(number: Int(getpid()))
        appendMember(",\"name\":", options.server ?? options.name, to: &text)
        appendMember(",\"repo\":", options.repository, to: &text)
        appendMember(",\"share\":", options.share, to: &text)
        text.append(metaTools)
        text.append(",\"umask\":")
        text.append(number: currentUmask())
        text.append(",\"resume\":")
        if let resume {
            resume.withUnsafeBufferPointer { text.append(string: $0) }
        } else {
            text.append("null")
        }
        text.append("},\"more\":true}")
        text.end()
        return text.bytes
    }

    /// JSON cannot hold an argument that is not UTF-8, and to change one would be to run another command.
    func check() throws(Failure) {
        for index in 0..<options.argumentCount {
            guard let argument = options.command?[index], !isUTF8(bytes(of: argument)) else { continue }
            throw Failure("argument " + String(index) + " of the command is not UTF-8")
        }
        try checkValue(options.server, "the server's name")
        try checkValue(options.name, "--name")
        try checkValue(options.repository, "--repo")
    }

    private func checkValue(_ value: CString?, _ what: String) throws(Failure) {
        guard let value, !isUTF8(bytes(of: value)) else { return }
        throw Failure(what + " is not UTF-8")
    }

    private func appendArguments(to text: inout JSONText) {
        guard let command = options.command else {
            text.append("null")
            return
        }
        text.append("[")
        for index in 0..<options.argumentCount {
            guard let argument = command[index] else { break }
            if index > 0 { text.append(",") }
            text.append(string: bytes(of: argument))
        }
        text.append("]")
    }

    private func appendEnvironment(to text: inout JSONText) {
        text.append(",\"environment\":[")
        forEachVariable(inUTF8: true) { entry, isFirst in
            if !isFirst { text.append(",") }
            text.append(string: entry)
        }
        text.append("],\"raw_environment\":[")
        forEachVariable(inUTF8: false) { entry, isFirst in
            if !isFirst { text.append(",") }
            text.append(hex: entry)
        }
        text.append("]")
    }

    private func forEachVariable(inUTF8 wanted: Bool, _ body: (UnsafeBufferPointer<UInt8>, Bool) -> Void) {
        var variable = cposix_environ()
        var isFirst = true
        while let entry = variable.pointee {
            variable += 1
            let content = bytes(of: entry)
            guard isUTF8(content) == wanted else { continue }
            body(content, isFirst)
            isFirst = false
        }
    }

    private func appendMember(_ key: StaticString, _ value: CString?, to text: inout JSONText) {
        text.append(key)
        if let value {
            text.append(string: bytes(of: value))
        } else {
            text.append("null")
        }
    }

    private var metaTools: StaticString {
        switch options.metaTools {
        case .off: ",\"meta_tools\":null"
        case .on: ",\"meta_tools\":\"on\""
        case .auto: ",\"meta_tools\":\"auto\""
        }
    }

    /// umask(2) can only be read by setting it.
    private func currentUmask() -> Int {
        let mask = umask(0o077)
        umask(mask)
        return Int(mask)
    }
}
