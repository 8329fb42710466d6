"""Lacking: what an environment lacks, told from the error with which Airflow fails to load a file.

A deployment has packages, Variables, Connections and files that the place of a test seldom has.
Such a lack says nothing against the DAG file; any other error does.
"""

from __future__ import annotations

import re

FAMILIES = frozenset(("apache", "atlassian", "cncf", "common", "dbt", "facebook", "microsoft"))
"""Folders of providers that hold several: ``airflow.providers.cncf.kubernetes``."""
SAID = (
    (r"KeyError: 'Variable (.+?) does not exist", "Variable {}"),
    (r"Variable (\S+?)(?: with deserialize_json=\S+)? not found", "Variable {}"),
    (r"The conn_id `(.+?)` isn't defined", "Connection {}"),
    (r"Connection (\S+) not found", "Connection {}"),
    (r"FileNotFoundError: \[Errno 2\][^']*'(.+?)'", "file {}"),
    (r"NotADirectoryError: \[Errno 20\][^']*'(.+?)'", "file {}"),
)
"""What the last line of an error says, in the words of Airflow 2 or 3, and what it is about."""
ENVIRONMENT = re.compile(r'File "(?:<frozen os>|[^"]*/os\.py)", line \d+, in __getitem__')
NETWORK = ("network", "is asked for while DAG files load")
"""There is none while DAG files load, whatever a file makes of that."""
TOUCHED_NETWORK = "windtunnel never touches the network"


def lacking(traceback: str, said: str) -> tuple[str, str] | None:
    """What is missing (``module pandas``), and in which way; ``None`` if the file is at fault.

    Args:
        traceback: the whole error.
        said: its last word.
    """
    if TOUCHED_NETWORK in said:
        return NETWORK
    module = re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", said)
    if module is not None:
        return _module(module[1])
    if re.match(r"KeyError: ", said) and ENVIRONMENT.search(traceback):
        return f"environment variable {said.partition(': ')[2].strip(chr(39))}", "isn't set"
    for pattern, subject in SAID:
        found = re.search(pattern, said)
        if found is not None:
            return subject.format(found[1]), "isn't there"
    return None


def _module(name: str) -> tuple[str, str] | None:
    """A package that isn't installed; a module that an installed Airflow lacks is a mistake."""
    parts = name.split(".")
    if parts[0] != "airflow":
        return f"module {parts[0]}", "isn't installed"
    if parts[1:2] != ["providers"]:
        return None
    length = 4 if parts[2:3] and parts[2] in FAMILIES else 3
    return (f"provider {'.'.join(parts[2:])}", "isn't installed") if len(parts) <= length else None
