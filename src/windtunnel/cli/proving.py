"""``windtunnel prove``: for which DAGs a deadlock is excluded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.exits import BAD_INPUT, CLEAN, FINDINGS
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    FaultsUpTo,
    LoadOptions,
    Release,
    ReportOptions,
    ScenarioOptions,
    Target,
)
from windtunnel.cli.profiles import release_of
from windtunnel.cli.writable import ensure_writable
from windtunnel.errors import InvalidInput
from windtunnel.model import Scenario
from windtunnel.report import proof_json, proof_text
from windtunnel.search import Proof
from windtunnel.target import read


@grouped
def prove(
    target: Target,
    *,
    scenario: ScenarioOptions,
    profile: Release = None,
    faults_up_to: FaultsUpTo = None,
    loading: LoadOptions,
    scripts: Annotated[
        Path | None,
        typer.Option(
            "--scripts", metavar="DIR", help="Write each proof in SMT-LIB 2, for other solvers."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 also for DAGs that are not covered.")
    ] = False,
    report: ReportOptions,
) -> None:
    """Say for which DAGs no schedule deadlocks, whatever takes how long, without a simulation."""
    if scripts is not None:
        ensure_writable([(f"--scripts {scripts}", scripts / "proof.smt2")])
    asked = scenario.asked(loading, release_of(profile), faults_up_to=faults_up_to)
    with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
        found = read(target, asked, tell).scenario
        proof = api.prove(found)
    if scripts is not None:
        _write(proof, scripts)
    report.terminal.show(proof_json(found, proof) if report.json else proof_text(found, proof))
    raise typer.Exit(_code(found, proof, strict=strict))


def _code(scenario: Scenario, proof: Proof, *, strict: bool) -> int:
    """1 if a DAG may be stuck, and, if *strict*, also if one is not covered."""
    if scenario.fleet.problems:
        return BAD_INPUT
    return FINDINGS if proof.candidates or (strict and proof.not_covered) else CLEAN


def _write(proof: Proof, folder: Path) -> None:
    """Each proof's question in SMT-LIB 2, to be answered again by any solver."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in proof.dags:
            if one.script:
                name = re.sub(r"[^\w.-]", "_", one.dag_id)
                (folder / f"{name}.smt2").write_text(one.script, "utf-8")
    except OSError as error:
        raise InvalidInput(f"--scripts {folder}: can't be written: {error.strerror}") from None
