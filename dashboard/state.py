"""The view lives in the address: what is picked can be bookmarked, shared and reloaded."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def read(name: str, default: str = "", allowed: Sequence[str] | None = None) -> str:
    """Return a value from the address, the default when it is missing or not allowed.

    Args:
        name: query parameter.
        default: what holds without it.
        allowed: values that make sense; anything else in the address is ignored.
    """
    value = st.query_params.get(name, default)
    return value if allowed is None or value in allowed else default


def read_many(name: str, allowed: Sequence[str] | None = None) -> list[str]:
    """Return the values of a repeated query parameter that are allowed, in order, once each."""
    values = dict.fromkeys(st.query_params.get_all(name))
    return [value for value in values if allowed is None or value in allowed]


def write(**values: str | Sequence[str] | None) -> None:
    """Put values into the address; nothing and the empty list take a parameter away."""
    for name, value in values.items():
        new = [value] if isinstance(value, str) else list(value or ())
        new = [text for text in new if text]
        if new == st.query_params.get_all(name):
            continue
        if new:
            st.query_params[name] = new
        else:
            st.query_params.pop(name, None)


def index_of(options: Sequence[str], value: str) -> int:
    """Return the position of a value among options, 0 when it is not one of them."""
    return list(options).index(value) if value in options else 0
