// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Supervisor

@Suite struct FileURLTests {
    @Test(arguments: [
        ("/home/u/library", "file:///home/u/library"), ("/with space", "file:///with%20space"),
        ("/100%/a#b?c", "file:///100%25/a%23b%3Fc"), ("/ü/日", "file:///%C3%BC/%E6%97%A5"), ("/", "file:///"),
        ("/a+b&c=d;e", "file:///a%2Bb%26c%3Dd%3Be"), ("/tab\tand\u{1}", "file:///tab%09and%01"),
    ])
    func pathsAndURLsTurnIntoEachOther(path: String, url: String) {
        #expect(FileURL.text(ofPath: path) == url)
        #expect(FileURL.path(ofText: url) == path)
    }

    @Test(arguments: [
        ("file://localhost/srv", "/srv"), ("file:/srv", "/srv"), ("file:///a%2fb", "/a/b"), ("file:///ü", "/ü"),
        ("file:///a%", "/a%"), ("file:///a%4", "/a%4"), ("file:///a%zz", "/a%zz"), ("file:///a%+1", "/a%+1"),
        ("FILE:///srv", "/srv"),
    ])
    func whatOtherProgramsWriteIsUnderstood(url: String, path: String) {
        #expect(FileURL.path(ofText: url) == path)
    }

    @Test(arguments: [
        "", "/srv", "file", "file:", "file://", "file:srv", "http://localhost/srv", "vscode-remote:///srv",
        "file://server/share", "file:///a%00b",
    ])
    func whatIsNoPathHereIsNil(url: String) {
        #expect(FileURL.path(ofText: url) == nil)
    }

    @Test func everyByteSurvivesTheRoundTrip() {
        let path = "/" + String(String.UnicodeScalarView((1...0x2FF).compactMap(Unicode.Scalar.init)))
        #expect(FileURL.path(ofText: FileURL.text(ofPath: path)) == path)
    }
}
