"""The peers of the Catalog: other libraries that can rank tagged sessions quickly.

They have less to do. They get columns instead of sessions, return numbers instead of answers, and
do not keep the original's order of ties. Only scipy can add the popularity; bm25s and tantivy rank
by tags alone. Tried and left out: `csr @ vector` (3 times slower than the columns), and
`numpy.bincount` over the joined postings (0.7 of the postings' time at 1,000 sessions, slower from
100,000 on).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import bm25s
import numpy as np
import tantivy
from bm25s.selection import topk
from bm25s.tokenization import Tokenized
from scipy.sparse import csc_array, csr_array

from generator import WEIGHTS, Columns

Rank = Callable[[list[str], int], Sequence[float]]


@dataclass(frozen=True)
class Peer:
    """A way to rank, and the score that it gives each session for a list of interests."""

    name: str
    rank: Rank
    """Returns the best scores for interests and top, best first."""
    expected: Callable[[list[str]], np.ndarray]
    """Returns the score of every session, computed in the simplest way."""

    def check(self, interests: list[str], top: int) -> None:
        """Raise an error if a peer's scores differ from those of the simple computation."""
        expected = np.sort(self.expected(interests))[::-1][:top]
        np.testing.assert_allclose(list(self.rank(interests, top)), expected, rtol=1e-5)


def all_of(drawn: Columns) -> list[Peer]:
    """Build every peer."""
    hits = _hits(drawn)
    popularity = np.zeros(len(drawn)) if drawn.popularity is None else drawn.popularity
    popularity = popularity * WEIGHTS["popularity"]
    column = {name: number for number, name in enumerate(drawn.names)}

    def count(interests: list[str]) -> np.ndarray:
        return np.asarray(hits.tocsr()[:, [column[name] for name in interests]].sum(axis=1))

    def full(interests: list[str]) -> np.ndarray:
        return count(interests) * WEIGHTS["interest"] + popularity

    frequency = np.diff(hits.indptr)
    rarity = np.log1p((len(drawn) - frequency + 0.5) / (frequency + 0.5))

    def rare(interests: list[str]) -> np.ndarray:
        wanted = np.zeros(len(drawn.names))
        numbers = [column[name] for name in interests]
        wanted[numbers] = rarity[numbers]
        return hits @ wanted

    return [
        Peer("postings", _scipy_postings(hits, column, popularity), full),
        Peer("columns", _scipy_columns(hits, column, popularity), full),
        Peer("bm25s", _bm25s(drawn), rare),
        Peer("tantivy", _tantivy(drawn), lambda wanted: count(wanted) * WEIGHTS["interest"]),
    ]


def _hits(drawn: Columns) -> csc_array:
    shape = (len(drawn), len(drawn.names))
    return csr_array((np.ones(len(drawn.tags)), drawn.tags, drawn.offsets), shape=shape).tocsc()


def _best(scores: np.ndarray, top: int) -> np.ndarray:
    top = min(top, len(scores))
    best = np.argpartition(scores, -top)[-top:]
    return scores[best[np.argsort(-scores[best])]]


def _scipy_postings(hits: csc_array, column: dict[str, int], popularity: np.ndarray) -> Rank:
    """Add up the posting lists of a CSC matrix, then `argpartition`."""
    # intp, because numpy would convert other indices at every addition, which doubles the time.
    postings = [rows.astype(np.intp) for rows in np.split(hits.indices, hits.indptr[1:-1])]

    def rank(interests: list[str], top: int) -> np.ndarray:
        scores = popularity.copy()
        for name in interests:
            scores[postings[column[name]]] += WEIGHTS["interest"]
        return _best(scores, top)

    return rank


def _scipy_columns(hits: csc_array, column: dict[str, int], popularity: np.ndarray) -> Rank:
    """Multiply the requested columns of the CSC matrix by the weight, then `argpartition`."""

    def rank(interests: list[str], top: int) -> np.ndarray:
        wanted = hits[:, [column[name] for name in interests]]
        return _best(wanted @ np.full(len(interests), WEIGHTS["interest"]) + popularity, top)

    return rank


def _bm25s(drawn: Columns) -> Rank:
    """Use tags as tokens. Without `k1`, a score is the sum of the rarities of the matching tags."""
    index = bm25s.BM25(k1=0.0)
    column = {name: number for number, name in enumerate(drawn.names)}
    index.index(Tokenized(ids=_tags_of_each(drawn), vocab=column), show_progress=False)

    def rank(interests: list[str], top: int) -> np.ndarray:
        scores = index.get_scores(interests)
        return topk(scores, min(top, len(scores)))[0]

    return rank


def _tantivy(drawn: Columns) -> Rank:
    """Use tags as untokenized text. The weight is the score of each matching tag."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("tags", tokenizer_name="raw", index_option="basic")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=500_000_000, num_threads=1)
    for tags in _tags_of_each(drawn):
        writer.add_document(tantivy.Document(tags=[drawn.names[tag] for tag in tags]))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    query, should = tantivy.Query, tantivy.Occur.Should

    def rank(interests: list[str], top: int) -> list[float]:
        clauses = [
            (
                should,
                query.const_score_query(
                    query.term_query(schema, "tags", name, "basic"), WEIGHTS["interest"]
                ),
            )
            for name in interests
        ]
        found = searcher.search(query.boolean_query(clauses), top, count=False)
        return [score for score, _ in found.hits]

    return rank


def _tags_of_each(drawn: Columns) -> list[list[int]]:
    tags, offsets = drawn.tags.tolist(), drawn.offsets.tolist()
    return [tags[low:high] for low, high in pairwise(offsets)]
