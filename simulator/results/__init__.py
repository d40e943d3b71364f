"""Run folders, the tables in them, and reading them back."""

from simulator.results.atomic import write_json, write_text
from simulator.results.digest import run_digest
from simulator.results.folder import RunFolder
from simulator.results.manifest import Manifest, git_commit, package_versions, utc_now
from simulator.results.params import MetricParams
from simulator.results.query import Query
from simulator.results.result import Result
from simulator.results.tables import TABLES
from simulator.results.unit_tables import build_unit_tables
from simulator.results.writer import TableWriter

__all__ = [
    "TABLES",
    "Manifest",
    "MetricParams",
    "Query",
    "Result",
    "RunFolder",
    "TableWriter",
    "build_unit_tables",
    "git_commit",
    "package_versions",
    "run_digest",
    "utc_now",
    "write_json",
    "write_text",
]
