"""A platform as plug-ins see it, of any size, drawn from a seed; all arrays are read-only.

`make_view` builds the tables, `make_requests`, `make_interactions` and `make_candidates` what
flows past them. Notes of one category lie close together in the embedding space, and readers
interact mostly with notes of the categories they like, so recall and ranking find real structure.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.batches import Candidates, Interactions, RequestBatch, Trail
from simulator.contracts.events import DAY_S, N_HEADS, N_KINDS, WINDOW_S, Kind
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.views import CreatorView, NoteView, PlatformView, ReaderView

NOW = 10.5 * DAY_S
"""Default time of a view: noon of the eleventh day."""


def freeze(record):
    """Make every array field of a dataclass read-only, as the engine hands them out."""
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return record


def make_spec(seed: int = 0, **changes: object) -> PlatformSpec:
    """Return a spec of 12 categories, 120 keywords, 3 a note, and 32-dimensional embeddings."""
    sizes = {"n_categories": 12, "n_keywords": 120, "keywords_per_note": 3, "embedding_dim": 32}
    return PlatformSpec(**{"seed": seed, **sizes, **changes})


def make_view(
    n_notes: int = 2_000,
    n_readers: int = 300,
    seed: int = 0,
    *,
    spec: PlatformSpec | None = None,
    now: float = NOW,
    span_s: float = 40 * DAY_S,
    unknown_share: float = 0.1,
) -> PlatformView:
    """Draw a platform.

    Args:
        n_notes: notes, spread evenly over the last `span_s` seconds; may be 0.
        n_readers: readers; may be 0. About one in twenty is a creator.
        seed: everything is a function of it and of the other arguments.
        spec: sizes; `make_spec(seed)` by default.
        now: time of the view, seconds.
        span_s: age of the oldest note, seconds (beyond `spec.max_age_s` by default).
        unknown_share: share of readers of whom nothing is known: no history, a zero vector and
            an even category profile. They are the last rows.
    """
    spec = make_spec(seed) if spec is None else spec
    rng = np.random.default_rng([seed, 7])
    n_creators = max(1, n_readers // 20) if n_readers else 0
    notes = _notes(rng, spec, n_notes, max(n_creators, 1), now, span_s)
    readers = _readers(rng, spec, notes, n_readers, now, unknown_share)
    creators = _creators(rng, notes, n_creators, n_readers, now)
    view = PlatformView(
        spec=spec, now=now, notes=notes, readers=readers, creators=creators,
        live_start=0, new_start=0,
    )  # fmt: skip
    view.live_start = view.first_younger_than(spec.max_age_s)
    view.new_start = view.first_younger_than(spec.new_age_s)
    return view


def make_requests(view: PlatformView, n: int, seed: int = 0) -> RequestBatch:
    """Draw n requests of the 30 seconds after `view.now`, by readers chosen evenly."""
    rng = np.random.default_rng([seed, 11])
    reader_idx = rng.integers(0, max(view.readers.n, 1), n).astype(np.int32)
    return freeze(
        RequestBatch(
            t=view.now + np.sort(rng.uniform(0, 30, n)),
            reader_idx=reader_idx,
            request_id=np.arange(n, dtype=np.int64) + 1_000,
            session_no=rng.integers(0, 3, n).astype(np.int32),
            request_no=rng.integers(0, 5, n).astype(np.int32),
            reader_arm=view.readers.arm[reader_idx],
        )
    )


def slice_requests(requests: RequestBatch, rows: slice) -> RequestBatch:
    """Return the given rows of a batch as a batch."""
    fields = [field.name for field in dataclasses.fields(requests)]
    return RequestBatch(**{name: getattr(requests, name)[rows] for name in fields})


def make_interactions(
    view: PlatformView, n: int, seed: int = 0, *, youngest: bool = False
) -> Interactions:
    """Draw n clicks of the last 10 minutes, a third of them followed by a like and so on.

    Args:
        view: where the readers and live notes come from; must have both.
        n: number of interactions.
        seed: as everywhere.
        youngest: take notes of the last 24 hours alone.
    """
    rng = np.random.default_rng([seed, 13])
    first = view.new_start if youngest else view.live_start
    actions = np.zeros((n, N_KINDS), np.float32)
    actions[:, [Kind.IMPRESSION, Kind.CLICK]] = 1
    for kind, p in (
        (Kind.LIKE, 0.2),
        (Kind.COLLECT, 0.1),
        (Kind.COMMENT, 0.03),
        (Kind.SHARE, 0.03),
    ):
        actions[:, kind] = rng.random(n) < p
    actions[:, Kind.DWELL] = rng.exponential(30, n)
    return freeze(
        Interactions(
            t=view.now - np.sort(rng.uniform(0, 600, n))[::-1],
            reader_idx=rng.integers(0, view.readers.n, n).astype(np.int32),
            note_idx=rng.integers(first, view.notes.n, n).astype(np.int32),
            actions=actions,
        )
    )


def make_candidates(view: PlatformView, n_requests: int, k: int, seed: int = 0) -> Candidates:
    """Draw at most k distinct live notes for each request, found by channels 0 to 3."""
    rng = np.random.default_rng([seed, 17])
    live = np.arange(view.live_start, view.notes.n, dtype=np.int32)
    note_idx = np.full((n_requests, k), -1, np.int32)
    channels = np.zeros((n_requests, k), np.uint32)
    n = rng.integers(k // 2, k + 1, n_requests).clip(max=live.size).astype(np.int32)
    for row, count in enumerate(n):
        note_idx[row, :count] = rng.choice(live, count, replace=False)
        channels[row, :count] = rng.integers(1, 16, count)
    return freeze(Candidates(note_idx=note_idx, channels=channels, n=n))


def make_trail(candidates: Candidates, keep: int = 20, seed: int = 0) -> Trail:
    """Let a funnel with random scores consider candidates: half pass pre-rank, `keep` pass rank."""
    rng = np.random.default_rng([seed, 41])
    b, k = candidates.note_idx.shape
    middle = max(1, k // 2)
    light, value = (rng.random(shape, np.float32) for shape in ((b, k), (b, middle)))
    at, n_ranked = _best(light, candidates.n, middle)
    ranked = Candidates(*(_at(a, at) for a in (candidates.note_idx, candidates.channels)), n_ranked)
    ranked.note_idx[at < 0] = -1
    kept_at, n_kept = _best(value, n_ranked, keep)
    p = rng.random((b, middle, N_HEADS), np.float32)
    return freeze(Trail(candidates, light, freeze(ranked), at, p, value, kept_at, n_kept))


def _best(scores, n, keep):
    """Return int16[B, keep], the columns of the best of each row, -1 beyond, and their number."""
    masked = np.where(np.arange(scores.shape[1]) < n[:, None], scores, -np.inf)
    at = np.full((scores.shape[0], keep), -1, np.int16)
    order = np.argsort(-masked, axis=1)[:, :keep].astype(np.int16)
    n_best = np.minimum(n, keep).astype(np.int32)
    at[:, : order.shape[1]] = order
    at[np.arange(keep) >= n_best[:, None]] = -1
    return at, n_best


def _at(values, columns):
    return np.take_along_axis(values, np.maximum(columns, 0).astype(np.int64), axis=1)


def _notes(
    rng: np.random.Generator, spec: PlatformSpec, n: int, n_creators: int, now: float, span_s: float
) -> NoteView:
    published_t = np.sort(rng.uniform(now - span_s, now, n))
    category = rng.integers(0, spec.n_categories, n).astype(np.int16)
    centres = rng.standard_normal((spec.n_categories, spec.embedding_dim))
    embedding = _unit(centres[category] + 0.8 * rng.standard_normal((n, spec.embedding_dim)))
    totals = _totals(rng, n, 40 * (now - published_t) / DAY_S)
    share = np.exp(-((now - published_t)[:, None]) / (3 * WINDOW_S))
    epoch_t = float(np.floor(now / DAY_S) * DAY_S)
    grown = share * np.exp((now - epoch_t) / WINDOW_S)
    return freeze(
        NoteView(
            creator_idx=rng.integers(0, n_creators, n).astype(np.int32),
            published_t=published_t,
            category=category,
            keywords=_keywords(rng, spec, category),
            is_video=(rng.random(n) < 0.4).astype(np.uint8),
            is_promoted=(rng.random(n) < 0.02).astype(np.uint8),
            has_card=(rng.random(n) < 0.1).astype(np.uint8),
            embedding=embedding,
            arm=rng.integers(0, 2, n).astype(np.uint8),
            totals=totals,
            decayed=(grown[:, :, None] * totals[:, None, :]).astype(np.float32),
            epoch_t=epoch_t,
        )
    )


def _keywords(
    rng: np.random.Generator, spec: PlatformSpec, category: NDArray[np.int16]
) -> NDArray[np.int32]:
    shape = (category.size, spec.keywords_per_note)
    per_category = max(1, spec.n_keywords // spec.n_categories)
    keywords = category[:, None] * per_category + rng.integers(0, per_category, shape)
    keywords = np.minimum(keywords, spec.n_keywords - 1)
    return np.where(rng.random(shape) < 0.85, keywords, -1).astype(np.int32)


def _readers(
    rng: np.random.Generator,
    spec: PlatformSpec,
    notes: NoteView,
    n: int,
    now: float,
    unknown_share: float,
) -> ReaderView:
    profile = rng.dirichlet(np.full(spec.n_categories, 0.4), n)
    recent = np.full((n, spec.n_recent), -1, np.int32)
    known = n - round(n * unknown_share)
    for reader in range(known if notes.n else 0):
        appeal = profile[reader, notes.category] + 1e-6
        count = int(rng.integers(1, spec.n_recent + 1))
        picks = np.searchsorted(np.cumsum(appeal), rng.random(count) * appeal.sum())
        picks = np.unique(picks.clip(max=notes.n - 1))
        recent[reader, : picks.size] = rng.permutation(picks)
    profile[known:] = 1 / spec.n_categories
    vector = np.zeros((n, spec.embedding_dim))
    if notes.n:
        vector = (notes.embedding[recent] * (recent >= 0)[:, :, None]).sum(axis=1)
    return freeze(
        ReaderView(
            arm=rng.integers(0, 2, n).astype(np.uint8),
            joined_t=np.sort(rng.uniform(now - 90 * DAY_S, now, n)),
            category_profile=profile.astype(np.float32),
            vector=_unit(vector),
            recent=recent,
            totals=_totals(rng, n, rng.exponential(400, n)),
            active_days=rng.integers(0, 30, n).astype(np.int32),
        )
    )


def _creators(
    rng: np.random.Generator, notes: NoteView, n: int, n_readers: int, now: float
) -> CreatorView:
    totals = np.zeros((n, N_KINDS), np.float32)
    if n:
        np.add.at(totals, notes.creator_idx, notes.totals)
    reader_idx = np.sort(rng.choice(n_readers, n, replace=False)) if n else np.empty(0)
    return freeze(
        CreatorView(
            reader_idx=reader_idx.astype(np.int32),
            joined_t=np.sort(rng.uniform(now - 60 * DAY_S, now, n)),
            n_notes=np.bincount(notes.creator_idx, minlength=n)[:n].astype(np.int32),
            totals=totals,
        )
    )


def _totals(rng: np.random.Generator, n: int, mean: NDArray[np.float64]) -> NDArray[np.float32]:
    totals = np.zeros((n, N_KINDS), np.float32)
    impressions = rng.poisson(mean * rng.lognormal(-0.5, 1.0, n))
    clicks = rng.binomial(impressions, 0.1)
    totals[:, Kind.IMPRESSION], totals[:, Kind.CLICK] = impressions, clicks
    shares = (0.1, 0.08, 0.02, 0.02, 0.02)
    for kind, p in zip(range(Kind.LIKE, Kind.HIDE), shares, strict=True):
        totals[:, kind] = rng.binomial(clicks, p)
    totals[:, Kind.HIDE] = rng.binomial(impressions, 0.003)
    totals[:, Kind.DWELL] = clicks * 30 * rng.lognormal(0, 0.2, n)
    return totals


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)
