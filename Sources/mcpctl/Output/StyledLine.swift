// SPDX-License-Identifier: Apache-2.0

/// A line in pieces, each set off in its way. It is cut before it is coloured: escape sequences take no columns.
struct StyledLine: ExpressibleByStringInterpolation {
    var pieces: [Table.Cell] = []

    init(_ pieces: [Table.Cell]) { self.pieces = pieces }
    init(stringLiteral value: String) { pieces = [Table.Cell(value)] }

    /// As it is to be written, in at most `columns`.
    func text(_ style: Style, columns: Int? = nil) -> String {
        var left = columns ?? .max
        var line = ""
        for piece in pieces where left > 0 {
            let text = columns == nil ? piece.text : DisplayWidth.clipped(piece.text, to: left)
            left -= columns == nil ? 0 : DisplayWidth.of(text)
            line += style.apply(piece.accent, text)
        }
        return line
    }

    /// The same in one manner from end to end.
    func all(_ accent: Style.Accent) -> StyledLine {
        StyledLine(pieces.map { Table.Cell($0.text, accent) })
    }
}
