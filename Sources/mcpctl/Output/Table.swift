// SPDX-License-Identifier: Apache-2.0

/// Aligned columns, two spaces apart.
struct Table {
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var accent = Style.Accent.plain

        init(_ text: String, _ accent: Style.Accent = .plain) {
            // What `printable` lets pass would break the line.
            self.text = String(printable(text).map { $0.isNewline || $0 == "\t" ? " " : $0 })
            self.accent = accent
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    struct Column: ExpressibleByStringLiteral {
        var title: String
        var isNumber = false
        /// Where there is not room for all, those with the highest go first; 0 stays.
        var dispensability = 0

        init(stringLiteral value: String) { title = value }

        static func number(_ title: String) -> Column {
            var column = Column(stringLiteral: title)
            column.isNumber = true
            return column
        }

        /// This column, which goes before those with a lower number where there is no room.
        func dispensable(_ dispensability: Int) -> Column {
            var column = self
            column.dispensability = dispensability
            return column
        }
    }

    /// No titles: the rows stand alone.
    var hasTitles = true
    var columns: [Column]
    var rows: [[Cell]] = []
    /// What is left of the last column where it has to be cut: a repository's end says more than its beginning.
    var cutsStartOfLast = false

    init(_ columns: [Column], hasTitles: Bool = true) {
        self.columns = columns
        self.hasTitles = hasTitles
    }

    /// As it is to be printed; the last column is cut where the terminal has no room for it.
    func lines(_ style: Style, columns: Int? = nil) -> [String] { styledLines(columns: columns).map { $0.text(style) } }

    /// All lines, the one with the titles first.
    ///
    /// - Parameter columns: what there is room for; `nil`: as much as it takes.
    func styledLines(columns room: Int? = nil) -> [StyledLine] {
        let head = hasTitles ? [columns.map { Cell($0.title, .bold) }] : []
        let all = head + rows
        var widths = columns.indices.map { column in all.map { DisplayWidth.of($0[column].text) }.max() ?? 0 }
        var shown = Array(columns.indices)
        if let room {
            shown = fitting(room, widths)
            let last = shown.last ?? 0
            let before = shown.dropLast().reduce(0) { $0 + widths[$1] + 2 }
            widths[last] = min(widths[last], max(Self.leastOfLast, room - before))
        }
        return all.map { line($0, shown, widths) }
    }

    /// The last column is not cut to less.
    private static let leastOfLast = 12

    /// The columns that there is room for, with some of the last.
    private func fitting(_ room: Int, _ widths: [Int]) -> [Int] {
        var shown = Array(columns.indices)
        while shown.count > 1 {
            let last = shown.last ?? 0
            let least = shown.dropLast().reduce(0) { $0 + widths[$1] + 2 } + min(widths[last], Self.leastOfLast)
            let candidate = shown.max { columns[$0].dispensability < columns[$1].dispensability }
            guard least > room, let candidate, columns[candidate].dispensability > 0 else { break }
            shown.removeAll { $0 == candidate }
        }
        return shown
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int]) -> StyledLine {
        var line: [Cell] = []
        for index in shown {
            let isLast = index == shown.last
            var cell = cells[index]
            cell.text = DisplayWidth.clipped(cell.text, to: widths[index], atStart: isLast && cutsStartOfLast)
            let space = Cell(String(repeating: " ", count: widths[index] - DisplayWidth.of(cell.text)))
            let isNumber = columns[index].isNumber
            line += isNumber ? [space, cell] : isLast ? [cell] : [cell, space]
            if !isLast { line.append("  ") }
        }
        return StyledLine(line)
    }
}
