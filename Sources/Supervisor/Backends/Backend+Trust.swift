// SPDX-License-Identifier: Apache-2.0

import MCPWire
import Multiplexer

/// Tools that are no longer what the user knows.
extension Backend {
    /// Compares the list that was just learned; what changed is said once, by name: the texts are what is not trusted.
    func comparePins() {
        guard let list = multiplexer.snapshot?.lists["tools/list"],
            let definitions = (try? JSONValue(parsing: list))?["tools"]?.arrayValue
        else { return }
        comparePins(definitions)
    }

    /// The same with all pages, where all were asked for.
    func comparePins(_ definitions: [JSONValue]) {
        var now = pins
        let found = now.compare(definitions)
        guard now != pins else { return }
        pins = now
        registry.pins.store(now, for: key)
        guard !found.isEmpty else { return }
        registry.log.warning(
            "the server changed the definition of \(Backend.inWords(found)); look with 'mcpctl tools \(id)', "
                + "accept with 'mcpctl trust \(id)'", backend: id, unit: process?.launched.unit)
    }

    /// What the tools are now is what they are to be.
    func trustTools() {
        pins.trust()
        registry.pins.store(pins, for: key)
    }

    /// Names are the server's: quoted, so that none breaks a line, cut, and not too many.
    private static func inWords(_ names: [String]) -> String {
        let shown = names.prefix(8).map { JSONValue.string(String($0.prefix(64))).text }.joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more tools" : "\(shown)"
    }
}
