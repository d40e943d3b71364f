"""Small worlds whose answers are known, to test estimators and designs against."""

from simulator.experiments.validation.market import Market, balance, gte, mean_field
from simulator.experiments.validation.shares import PLANS, Plan, ShareMarket, share_market
from simulator.experiments.validation.simulation import per_listing, simulate_market

__all__ = [
    "PLANS",
    "Market",
    "Plan",
    "ShareMarket",
    "balance",
    "gte",
    "mean_field",
    "per_listing",
    "share_market",
    "simulate_market",
]
