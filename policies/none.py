"""No support: natural distribution, said explicitly."""

from __future__ import annotations

from typing import Literal

from simulator.contracts.plugins import PluginConfig, TrafficPolicy
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class NoSupportConfig(PluginConfig):
    """Natural distribution has no knobs."""

    type: Literal["none"] = "none"


class NoSupport(TrafficPolicy[NoSupportConfig]):
    """Support no note; the same as an empty list of policies."""

    Config = NoSupportConfig

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return None."""
        return None
