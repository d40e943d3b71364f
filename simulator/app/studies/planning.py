"""From the file of a design study to its runs, every one checked before any runs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from simulator.app.config_file import read_config
from simulator.app.files import locate
from simulator.app.loading import load_scenario
from simulator.app.studies.config import MOST_RUNS, DesignStudyConfig, StudyPolicy, StudyWorld
from simulator.app.tree import KeyPath, Node
from simulator.contracts.config import format_duration
from simulator.contracts.errors import Finding, ScenarioError
from simulator.sweeps.plan import Cell, Variant

STUDIES: Final = Path("studies")
"""Where studies go unless told otherwise."""

Role = Literal["control", "launch", "test"]


@dataclass(frozen=True, slots=True)
class Job:
    """What one run of a seed is for.

    Attributes:
        world: name of the world.
        policies: names of the changes that it serves; a control world may serve several.
        role: `control`, `launch`, or `test`.
        design: name of the design of a test.
        traffic: share of readers and notes in a test.
        settings: values laid over the scenario of the world.
    """

    world: str
    policies: tuple[str, ...]
    role: Role
    design: str
    traffic: float
    settings: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Name of the run in tables and messages."""
        test = f" {self.design} {self.traffic:g}" if self.role == "test" else ""
        return f"{self.world} {'+'.join(self.policies)} {self.role}{test}"


@dataclass(frozen=True)
class DesignStudy:
    """A study that can run.

    Attributes:
        config: the study file.
        sources: name of a world -> path of its scenario.
        seeds: seeds.
    """

    config: DesignStudyConfig
    sources: Mapping[str, Path]
    seeds: tuple[int, ...]

    @cached_property
    def jobs(self) -> list[Job]:
        """Runs of one seed: truth first, then tests; tests of a change share its truth."""
        found = []
        for world in self.config.worlds:
            found += _truths(self.config, world)
            found += _tests(self.config, world)
        return found

    @cached_property
    def cells(self) -> list[Cell]:
        """Every run, seed by seed, so that a study that stops has whole seeds."""
        pairs = [(seed, job) for seed in self.seeds for job in self.jobs]
        return [
            Cell(i, Variant(job.label, job.settings, job.world), seed)
            for i, (seed, job) in enumerate(pairs)
        ]

    def job_of(self, cell: Cell) -> Job:
        """Return what a cell is for."""
        return self.jobs[cell.index % len(self.jobs)]

    @property
    def hash8(self) -> str:
        """Eight hex digits over the scenarios and everything that varies but the seeds."""
        worlds = {name: load_scenario(path).to_mapping() for name, path in self.sources.items()}
        config = self.config.model_dump(mode="json", exclude={"seeds", "question"})
        text = json.dumps([worlds, config], sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def folder(self, out: Path | str | None = None) -> Path:
        """Return the study's folder; more seeds share it."""
        return Path(out if out is not None else STUDIES) / f"{self.config.name}-{self.hash8}"


def load_study(file: str | Path, overrides: Mapping[str, object] | None = None) -> DesignStudy:
    """Load the file of a study and check every run of it.

    Args:
        file: path, or name of a bundled one.
        overrides: top-level values that replace those of the file, for example `{"seeds": 3}`.

    Raises:
        ScenarioError: with every mistake found.
    """
    config, tree, path = read_config(file, DesignStudyConfig, overrides)
    sources = {world.name: locate(world.scenario, path.parent) for world in config.worlds}
    first = _check(config, sources, tree, str(path))
    seeds = config.seeds
    chosen = tuple(range(first, first + seeds)) if isinstance(seeds, int) else seeds
    study = DesignStudy(config, sources, chosen)
    if len(study.jobs) * len(chosen) > MOST_RUNS:
        n = len(study.jobs) * len(chosen)
        raise ScenarioError([Finding(f"{n:,} runs; at most {MOST_RUNS:,}", str(path))])
    return study


def _base(config: DesignStudyConfig, world: StudyWorld, policy: StudyPolicy) -> dict[str, Any]:
    horizon = format_duration(max(config.horizons))
    return {
        **config.set, **world.set, **policy.set, "horizon": horizon,
        "policies": list(policy.control), "experiment": None, "treatment": [],
    }  # fmt: skip


def _truths(config: DesignStudyConfig, world: StudyWorld) -> list[Job]:
    shared: dict[str, tuple[dict[str, Any], list[str]]] = {}
    launches = []
    for policy in config.policies:
        base = _base(config, world, policy)
        key = json.dumps(base, sort_keys=True)
        shared.setdefault(key, (base, []))[1].append(policy.name)
        launch = {**base, "experiment": {"type": "launch"}, "treatment": list(policy.treatment)}
        launches.append(Job(world.name, (policy.name,), "launch", "", 1.0, launch))
    controls = [
        Job(world.name, tuple(names), "control", "", 1.0, base) for base, names in shared.values()
    ]
    return controls + launches


def _tests(config: DesignStudyConfig, world: StudyWorld) -> list[Job]:
    found = []
    for policy in config.policies:
        base = {**_base(config, world, policy), "treatment": list(policy.treatment)}
        for name, block in config.named_designs().items():
            for traffic in config.traffic:
                inside = {} if traffic == 1.0 else {"buckets": [0.0, traffic]}
                settings = {**base, "experiment": {**block, **inside}}
                found.append(Job(world.name, (policy.name,), "test", name, traffic, settings))
    return found


def _check(config: DesignStudyConfig, sources: Mapping[str, Path], tree: Node, file: str) -> int:
    """Load every run of a seed; return the first world's seed."""
    findings: list[Finding] = []
    design_at = {name: i for i, name in enumerate(config.named_designs())}
    policy_at = {policy.name: i for i, policy in enumerate(config.policies)}
    study = DesignStudy(config, sources, (0,))
    for job in study.jobs:
        places = {
            "experiment": f"designs[{design_at.get(job.design, 0)}]",
            "treatment": f"policies[{policy_at[job.policies[0]]}].treatment",
            "policies": f"policies[{policy_at[job.policies[0]]}].control",
        }
        try:
            load_scenario(sources[job.world], dict(job.settings))
        except ScenarioError as error:
            findings += [_placed(f, places, job, tree, file) for f in error.findings]
    if findings:
        unique = {(f.path, f.value): f for f in reversed(findings)}
        raise ScenarioError(list(reversed(unique.values())))
    world = config.worlds[0]
    return int(load_scenario(sources[world.name], {**config.set, **world.set}).seed)


def _placed(
    finding: Finding, places: Mapping[str, str], job: Job, tree: Node, file: str
) -> Finding:
    """Say where in the study's file a mistake stands that a run of it has."""
    if finding.file not in {"", "--set"}:
        return finding
    head = re.split(r"[.\[]", finding.path, maxsplit=1)[0]
    place = places.get(head)
    path = finding.path if place is None else place + finding.path[len(head) :]
    message = finding.message if place else f"{finding.message} (world {job.world!r})"
    line = tree.deepest(_keys(path)).line if place else None
    return replace(finding, file=file, line=line, path=path, message=message)


def _keys(path: str) -> KeyPath:
    parts = re.findall(r"[^.\[\]]+", path)
    return tuple(int(part) if part.isdigit() else part for part in parts)
