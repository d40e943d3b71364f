"""Slate assembly written plainly, as a check on the compiled one."""

import numpy as np

from simulator.contracts.events import SlotKind
from simulator.contracts.support import UNLIMITED


def assemble(scored, table, slot_kind, view, theta, window, rules, clusters=None):
    """Return (column, note_idx, final, granted_by) lists of MMR; `table.remaining` is changed."""
    clusters = np.full(view.notes.n, -1) if clusters is None else clusters
    slates = [
        _slate(scored, table, slot_kind, view, np.float32(theta), window, rules, clusters, b)
        for b in range(slot_kind.shape[0])
    ]
    return [np.array([slate[i] for slate in slates]) for i in range(4)]


def _slate(scored, table, slot_kind, view, theta, window, rules, clusters, b):
    notes, n_slots = view.notes, slot_kind.shape[1]
    pool = range(int(scored.n[b]))
    note_of = [int(scored.note_idx[b, k]) for k in pool]
    row_of = [int(table.row[note]) if scored.supported[b, k] else -1
              for k, note in enumerate(note_of)]  # fmt: skip
    acting = [_acting(table, row) for row in row_of]
    value = [_value(scored.organic[b, k], table, row_of[k], acting[k]) for k in pool]
    top = max((scored.organic[b, k] for k in pool), default=np.float32(1))
    picks = [0 if scored.explore is None else int(scored.explore[b, k]) for k in pool]
    shown, out, by_support = [], [], []
    for s in range(n_slots):
        kind = SlotKind(int(slot_kind[b, s]))
        options = []
        for k in pool:
            if k in shown:
                continue
            recent = shown[-window:]
            near = max((_cosine(notes, note_of[k], note_of[j]) for j in recent), default=0)
            score = theta * (value[k] / top) - (np.float32(1) - theta) * np.float32(near)
            wanted = _is_of_kind(kind, note_of[k], view, table, row_of[k], acting[k], picks[k])
            explores = kind == SlotKind.EXPLORE and picks[k] > 0
            helped = not explores and _is_helped(table, row_of[k], acting[k], kind)
            before = [note_of[j] for j in shown]
            level = _broken(notes, note_of[k], before, s, rules, clusters, helped and by_support)
            order = picks[k] if explores else -score
            options.append((not wanted, level, order, note_of[k], k, helped, explores))
        if not options:
            out.append((-1, -1, 0.0, 0))
            continue
        *_, k, helped, explores = min(options)
        shown.append(k)
        by_support += [s] if helped else []
        charged = [] if explores else acting[k]
        final = scored.organic[b, k] if explores else value[k]
        out.append((k, note_of[k], final, _charge(table, row_of[k], charged, kind)))
    return [list(column) for column in zip(*out, strict=True)]


def _acting(table, row):
    return [p for p in range(table.rank.shape[0]) if row >= 0 and table.remaining[p, row] > 0]


def _value(organic, table, row, acting):
    value, price = organic, np.float32(0)
    for p in acting:
        value = value * table.rank[p, row]
        price = price + table.price[p, row]
    return value + price


def _is_helped(table, row, acting, kind):
    return any(
        table.rank[p, row] != 1
        or table.price[p, row] != 0
        or (kind == SlotKind.INSERT and table.insert[p, row])
        for p in acting
    )


def _is_of_kind(kind, note, view, table, row, acting, pick):
    if pick or kind == SlotKind.EXPLORE:
        return bool(pick) and kind == SlotKind.EXPLORE
    if kind == SlotKind.OLD:
        return note < view.new_start
    if kind == SlotKind.NEW:
        return note >= view.new_start
    if kind == SlotKind.INSERT:
        return any(table.insert[p, row] for p in acting)
    return True


def _broken(notes, note, before, slot, rules, clusters, by_support):
    """Return the level of the worst broken rule; `by_support` is False for organic placements."""
    if notes.has_card[note]:
        cards = sum(int(notes.has_card[j]) for j in before)
        is_full = slot < rules.first_screen and cards >= rules.cards_on_first_screen
        if slot < rules.slots_without_card or is_full:
            return 6
    near = before[max(0, slot - rules.promoted_gap + 1) :] if rules.promoted_gap else []
    if notes.is_promoted[note] and any(notes.is_promoted[j] for j in near):
        return 5
    if by_support and slot - by_support[-1] < rules.supported_gap:
        return 4
    run = rules.longest_type_run
    same = [notes.is_video[j] == notes.is_video[note] for j in before[-run:]] if run else []
    if run and len(same) == run and all(same):
        return 3
    gap = rules.same_category_gap
    if gap and any(notes.category[j] == notes.category[note] for j in before[-gap:]):
        return 2
    gap, own = rules.same_cluster_gap, clusters[note]
    return int(bool(gap) and own >= 0 and any(clusters[j] == own for j in before[-gap:]))


def _charge(table, row, acting, kind):
    bits = 0
    for p in acting:
        inserted = kind == SlotKind.INSERT and table.insert[p, row]
        if table.rank[p, row] != 1 or table.price[p, row] != 0 or inserted:
            bits |= 1 << p
            if table.remaining[p, row] != UNLIMITED:
                table.remaining[p, row] -= 1
    return bits


def _cosine(notes, i, j):
    total = np.float32(0)
    for product in notes.embedding[i] * notes.embedding[j]:
        total = total + product
    return total
