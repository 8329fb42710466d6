"""``windtunnel prove``: for which DAGs a deadlock is excluded."""

from __future__ import annotations

import re
from pathlib import Path

from windtunnel import api
from windtunnel.cli.exits import BAD_INPUT, CLEAN, FINDINGS
from windtunnel.cli.terminal import Terminal
from windtunnel.errors import InvalidInput
from windtunnel.report import proof_json, proof_text
from windtunnel.search import Proof
from windtunnel.target import Asked, read


def prove(
    target: str,
    asked: Asked,
    terminal: Terminal,
    *,
    scripts: Path | None,
    json: bool,
    strict: bool = False,
) -> int:
    """Print what is proved of which DAG; exit code 1 if one may be stuck, and, if *strict*, also if
    one is not covered."""
    with terminal.only_reports(json), terminal.stages() as tell:
        scenario = read(target, asked, tell).scenario
        proof = api.prove(scenario)
    if scripts is not None:
        _write(proof, scripts)
    terminal.show(proof_json(scenario, proof) if json else proof_text(scenario, proof))
    if scenario.fleet.problems:
        return BAD_INPUT
    open_ = proof.candidates or (strict and proof.not_covered)
    return FINDINGS if open_ else CLEAN


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
