// SPDX-License-Identifier: Apache-2.0

/// Results as tools make them when they are large.
enum LargeMessage: String, CaseIterable {
    /// A file's text in one string.
    case text
    /// A picture.
    case base64
    /// Rows of small values: a token every few bytes.
    case structured

    func bytes(atLeast count: Int) -> [UInt8] {
        let (head, part, tail) = pieces
        var message = Array(head.utf8)
        let repeated = Array(part.utf8)
        message.reserveCapacity(count + 1024)
        while message.count < count { message += repeated }
        if message.last == UInt8(ascii: ",") { message.removeLast() }
        return message + Array(tail.utf8)
    }

    private var pieces: (head: String, part: String, tail: String) {
        switch self {
        case .text:
            (
                #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":""#,
                #"    let value = compute(index, with: \"other\") // and some text of a file\n"#,
                #""}],"isError":false}}"#
            )
        case .base64:
            (
                #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"image","mimeType":"image/png","data":""#,
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII",
                #""}]}}"#
            )
        case .structured:
            (
                #"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"rows":["#,
                #"{"name":"symbol","kind":12,"range":{"start":{"line":10,"character":4},"end":{"line":20,"character":1}},"ok":true},"#,
                "]}}}"
            )
        }
    }
}
