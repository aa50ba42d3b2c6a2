# SPDX-License-Identifier: Apache-2.0
"""Which pieces of words get a vector, and texts as numbers of those pieces."""
import collections

import numpy
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

UNKNOWN = "[UNK]"


def wordpiece(vocabulary):
    """Cuts as the table's reader does; what cannot be spelled becomes UNKNOWN."""
    numbers = {piece: number for number, piece in enumerate([*vocabulary, UNKNOWN])}
    cutter = tokenizers.Tokenizer(models.WordPiece(numbers, unk_token=UNKNOWN, max_input_chars_per_word=100))
    cutter.normalizer = normalizers.BertNormalizer()
    cutter.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return cutter


class Pieces:
    def __init__(self, vocabulary):
        self.vocabulary = vocabulary
        self.cutter = wordpiece(vocabulary)

    @classmethod
    def commonest(cls, model, texts, count):
        """The pieces of `model` that `texts` have most, all single ASCII characters, then what the model has first."""
        whole = wordpiece(model)
        counts = collections.Counter(
            piece for entry in whole.encode_batch(texts) for piece in entry.tokens if piece != UNKNOWN)
        order = [piece for piece, _ in counts.most_common()]
        order += [piece for piece in model if piece not in counts and not piece.startswith("[")]
        kept = set(order[:count]) | {piece for piece in model if len(piece.removeprefix("##")) == 1 and piece.isascii()}
        return cls([piece for piece in model if piece in kept])

    def numbers(self, texts):
        """An array of numbers a text."""
        return [numpy.array([number for number in entry.ids if number < len(self.vocabulary)], numpy.int32)
                for entry in self.cutter.encode_batch(texts)]

    def rarity(self, numbers):
        """The logarithm of the inverse share of texts that have a piece."""
        having = numpy.zeros(len(self.vocabulary))
        for entry in numbers:
            having[numpy.unique(entry)] += 1
        return numpy.log((len(numbers) + 1) / (having + 1)).astype(numpy.float32)
