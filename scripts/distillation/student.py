# SPDX-License-Identifier: Apache-2.0
"""One vector a piece of a word, trained so that a text's normalised sum lies where the teacher puts the text.

What is made small, over batches of texts:
- 1 - cosine between the sum and the teacher's vector, in the table's own space;
- how far the batch's likenesses to each other are from the teacher's (Kullback-Leibler, at TEMPERATURE);
- for pairs that belong together: how hard it is to tell the other half among those of the batch (InfoNCE).

Gradients are written out: they are few, and numpy is all that is needed.
"""
import numpy

TEMPERATURE = 0.05
PAIR_WEIGHT = 0.3


class Batch:
    """Texts as their pieces, each piece's vector looked up once."""

    def __init__(self, table, numbers):
        self.pieces, places = numpy.unique(numpy.concatenate(numbers), return_inverse=True)
        rows = numpy.repeat(numpy.arange(len(numbers)), [len(entry) for entry in numbers])
        self.counts = numpy.zeros((len(numbers), len(self.pieces)), numpy.float32)
        numpy.add.at(self.counts, (rows, places), 1)
        sums = self.counts @ table[self.pieces]
        self.lengths = numpy.linalg.norm(sums, axis=1, keepdims=True) + 1e-9
        self.vectors = sums / self.lengths

    def slope(self, by_vectors):
        """Of the pieces' vectors, from that of the texts' normalised ones."""
        along = (by_vectors * self.vectors).sum(axis=1, keepdims=True)
        return self.counts.T @ ((by_vectors - along * self.vectors) / self.lengths)


def shares(likeness, without_self):
    """Each row as shares that add up to one."""
    if without_self:
        likeness = likeness.copy()
        numpy.fill_diagonal(likeness, -1e4)
    likeness = likeness - likeness.max(axis=1, keepdims=True)
    powers = numpy.exp(likeness)
    return powers / powers.sum(axis=1, keepdims=True)


def distance_slope(vectors, targets, teacher):
    """(1 - cosine on average, the slope of all that the teacher asks)."""
    count = len(vectors)
    slope = -targets / count
    wrong = (shares(vectors @ vectors.T / TEMPERATURE, True) - shares(teacher @ teacher.T / TEMPERATURE, True)) / count
    slope += (wrong + wrong.T) @ vectors / TEMPERATURE
    return 1 - (vectors * targets).sum() / count, slope


def pair_slopes(left, right):
    """The slopes of both halves."""
    wrong = shares(left @ right.T / TEMPERATURE, False)
    wrong[numpy.diag_indices(len(left))] -= 1
    wrong *= PAIR_WEIGHT / len(left) / TEMPERATURE
    return wrong @ right, wrong.T @ left


class Adam:
    """The moments of a piece change only when it occurs."""

    def __init__(self, table):
        self.table, self.mean, self.square, self.steps = table, numpy.zeros_like(table), numpy.zeros_like(table), 0

    def step(self, slopes, rate):
        """- slopes: (pieces, slope) of batches."""
        self.steps += 1
        pieces = numpy.unique(numpy.concatenate([entry for entry, _ in slopes]))
        slope = numpy.zeros((len(pieces), self.table.shape[1]), numpy.float32)
        for entry, part in slopes:
            slope[numpy.searchsorted(pieces, entry)] += part
        mean = self.mean[pieces] = 0.9 * self.mean[pieces] + 0.1 * slope
        square = self.square[pieces] = 0.999 * self.square[pieces] + 0.001 * slope * slope
        rate *= (1 - 0.999 ** self.steps) ** 0.5 / (1 - 0.9 ** self.steps)
        self.table[pieces] -= rate * mean / (numpy.sqrt(square) + 1e-8)


def train(table, numbers, targets, teacher, pairs, options, chance):
    """Changes `table`. - pairs: (left, right) numbers, or nothing."""
    adam = Adam(table)
    usable = numpy.array([place for place, entry in enumerate(numbers) if len(entry)])
    size = min(options.batch, len(usable))
    total = options.epochs * (len(usable) // size)
    for epoch in range(options.epochs):
        order, distance = chance.permutation(usable), 0.0
        starts = range(0, len(order) - size + 1, size)
        for start in starts:
            chosen = order[start:start + size]
            batch = Batch(table, [numbers[place] for place in chosen])
            loss, slope = distance_slope(batch.vectors, targets[chosen], teacher[chosen])
            slopes = [(batch.pieces, batch.slope(slope))]
            if pairs and adam.steps % 2 == 0:
                some = chance.choice(len(pairs), min(size // 2, len(pairs)), replace=False)
                halves = [Batch(table, [pairs[place][side] for place in some]) for side in (0, 1)]
                parts = pair_slopes(halves[0].vectors, halves[1].vectors)
                slopes += [(half.pieces, half.slope(part)) for half, part in zip(halves, parts)]
            adam.step(slopes, options.rate * (1 - adam.steps / total) + 1e-5)
            distance += loss / len(starts)
        print(f"pass {epoch + 1} of {options.epochs}: 1 - cosine is {distance:.4f}", flush=True)
