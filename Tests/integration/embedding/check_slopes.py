# SPDX-License-Identifier: Apache-2.0
"""Compares the slopes that scripts/distillation trains with to differences of the losses themselves.

usage: check_slopes.py     with the Python of the environment `table`; says nothing and ends with 0 when they agree
"""
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from distillation import student  # noqa: E402

STEP = 1e-5
TEXTS, PIECES, WIDTH = 6, 9, 8


def divergence(likeness, wanted):
    return (wanted * (numpy.log(wanted + 1e-300) - numpy.log(likeness + 1e-300))).sum() / len(wanted)


def asked_by_teacher(table, numbers, targets, teacher):
    vectors = student.Batch(table, numbers).vectors
    ours, wanted = (student.shares(rows @ rows.T / student.TEMPERATURE, True) for rows in (vectors, teacher))
    return 1 - (vectors * targets).sum() / len(vectors) + divergence(ours, wanted)


def asked_by_pairs(table, left, right):
    halves = [student.Batch(table, numbers).vectors for numbers in (left, right)]
    shares = student.shares(halves[0] @ halves[1].T / student.TEMPERATURE, False)
    return -student.PAIR_WEIGHT * numpy.log(numpy.diag(shares)).mean()


def check(name, loss, table, slope):
    """- slope: of the whole table."""
    for place in numpy.ndindex(table.shape):
        kept = table[place]
        table[place] = kept + STEP
        above = loss()
        table[place] = kept - STEP
        below = loss()
        table[place] = kept
        expected = (above - below) / (2 * STEP)
        if abs(slope[place] - expected) > 1e-4 + 1e-3 * abs(expected):
            sys.exit(f"{name} at {place}: {slope[place]} in place of {expected}")


def whole(table, *parts):
    slope = numpy.zeros_like(table)
    for batch, by_vectors in parts:
        slope[batch.pieces] += batch.slope(by_vectors)
    return slope


def main():
    chance = numpy.random.default_rng(7)
    table = chance.normal(size=(PIECES, WIDTH))
    numbers = [chance.integers(0, PIECES, size=chance.integers(1, 5)) for _ in range(TEXTS)]
    targets, teacher = chance.normal(size=(TEXTS, WIDTH)), chance.normal(size=(TEXTS, 12))
    for rows in (targets, teacher):
        rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    batch = student.Batch(table, numbers)
    _, slope = student.distance_slope(batch.vectors, targets, teacher)
    check("teacher", lambda: asked_by_teacher(table, numbers, targets, teacher), table, whole(table, (batch, slope)))
    left, right = (student.Batch(table, half) for half in (numbers[:3], numbers[3:]))
    slopes = student.pair_slopes(left.vectors, right.vectors)
    check("pairs", lambda: asked_by_pairs(table, numbers[:3], numbers[3:]), table,
          whole(table, (left, slopes[0]), (right, slopes[1])))


main()
