# SPDX-License-Identifier: Apache-2.0
"""Tables for people."""
import statistics


def table(title, header, rows):
    """Prints rows of cells: the first column to the left, the others to the right."""
    cells = [header, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        first, rest = row[0].ljust(widths[0]), (cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        print("  " + "  ".join([first, *rest]).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def number(value, digits=1):
    return f"{value:,.{digits}f}"


class Targets:
    """Figures beside what they are meant to be. A busy machine is no defect, so most are read by people; a `strict` one
    that is missed is a defect."""

    def __init__(self):
        self.rows, self.wrong_answers, self.missed = [], 0, []

    def add(self, figure, value, limit, unit="", digits=2, at_least=False, strict=False):
        """- value: None is what could not be measured."""
        wanted = f"{'≥' if at_least else '≤'} {number(limit, digits)} {unit}".strip()
        if value is None:
            self.rows.append([figure, "", wanted, "not measured"])
            return
        met = value >= limit if at_least else value <= limit
        if strict and not met:
            self.missed.append(figure)
        self.rows.append([figure, f"{number(value, digits)} {unit}".strip(), wanted, "met" if met else "MISSED"])

    @property
    def is_defective(self):
        return bool(self.wrong_answers or self.missed)

    def show(self):
        if self.rows:
            table("Targets", ["figure", "measured", "target", ""], self.rows)
        print(f"\nwrong answers: {self.wrong_answers}")
        if self.missed:
            print(f"missed, which is a defect: {'; '.join(self.missed)}")


def median(values):
    return statistics.median(values)


def median_of(reports, key):
    return median([report[key] for report in reports])
