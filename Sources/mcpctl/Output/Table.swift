// SPDX-License-Identifier: Apache-2.0

/// Aligned columns, two spaces apart.
struct Table {
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var accent = Style.Accent.plain

        init(_ text: String, _ accent: Style.Accent = .plain) {
            self.text = printable(text)
            self.accent = accent
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    struct Column: ExpressibleByStringLiteral {
        var title: String
        var isNumber = false

        init(stringLiteral value: String) { title = value }

        static func number(_ title: String) -> Column {
            var column = Column(stringLiteral: title)
            column.isNumber = true
            return column
        }
    }

    /// No titles: the rows stand alone.
    var hasTitles = true
    var columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column], hasTitles: Bool = true) {
        self.columns = columns
        self.hasTitles = hasTitles
    }

    func lines(_ style: Style) -> [String] {
        let head = hasTitles ? [columns.map { Cell($0.title, .bold) }] : []
        let all = head + rows
        let widths = columns.indices.map { column in all.map { $0[column].text.count }.max() ?? 0 }
        return all.map { line($0, widths: widths, style) }
    }

    private func line(_ cells: [Cell], widths: [Int], _ style: Style) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[index] - cell.text.count)
            let text = style.apply(cell.accent, cell.text)
            let isLast = index == cells.count - 1
            line += columns[index].isNumber ? space + text : text + (isLast ? "" : space)
            line += isLast ? "" : "  "
        }
        return line
    }
}
