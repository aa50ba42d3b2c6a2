// SPDX-License-Identifier: Apache-2.0

import Testing

/// The rules are only as good as the reader.
@Suite struct SwiftCodeTests {
    @Test(arguments: [
        ("let a = 1 // try!", "let a = 1"), ("/* a /* b */ c */ x", "x"), ("f(\"try! {\")", "f(          )"),
        (#"f("a \(g("}")) b") {"#, "f(                ) {"), (##"f(#"a " b"#) }"##, "f(          ) }"),
        (##"f(#"\(x) \#(g("{")) "#)"##, "f(                       )"), (#"f("\\") }"#, "f(    ) }"),
        (#"f("\"") }"#, "f(    ) }"), ("let url = \"https://x\" }", "let url =             }"),
        ("\"\"\"\n a \"quoted\" { \n\"\"\" }", "\n\n    }"), ("x\n// y\nz", "x\n\nz"),
    ])
    func commentsAndStringsAreBlank(source: String, code: String) {
        let seen = SwiftCode(source)
        #expect(seen.bytes.count == source.utf8.count, "every line stays as long as it was")
        #expect(seen.lines.joined(separator: "\n").filter { $0 != " " } == code.filter { $0 != " " })
    }

    @Test func wordsAreWhole() {
        #expect(SwiftCode("a.try!(b_c, @unchecked D1)").words == ["a", "try", "b_c", "@unchecked", "D1"])
    }

    @Test func bodiesAreMeasured() {
        let source = """
            protocol P { func none(); var x: Int { get } }
            struct S {
                func one() { a() }
                init?(
                    x: Int = f()
                ) async throws(E) -> T where T: P {
                    self.init(y: 1)
                    if a { b() }
                }
                deinit { }
            }
            """
        let bodies = FunctionBody.all(in: SwiftCode(source))
        #expect(bodies.map(\.line) == [3, 4, 10])
        #expect(bodies.map(\.length) == [0, 2, 0])
    }

    @Test func theTreeIsFound() {
        #expect(SourceTree.sources.count > 100)
        #expect(SourceTree.tests.contains { $0.name == "SwiftCodeTests.swift" })
        #expect(SourceTree.texts.contains { $0.path == "Package.swift" })
        #expect(!SourceTree.texts.contains { $0.path.hasPrefix(".build/") })
    }
}
