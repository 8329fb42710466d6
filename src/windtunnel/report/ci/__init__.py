"""What CI services read: the same notices in the forms of JUnit, SARIF, GitHub and GitLab."""

from windtunnel.report.ci.github import annotation, command, github
from windtunnel.report.ci.gitlab import gitlab
from windtunnel.report.ci.junit import junit
from windtunnel.report.ci.markdown import markdown
from windtunnel.report.ci.notices import (
    Notice,
    Places,
    Told,
    fingerprint,
    notice_of,
    told,
    unusable,
)
from windtunnel.report.ci.sarif import sarif

__all__ = [
    "Notice",
    "Places",
    "Told",
    "annotation",
    "command",
    "fingerprint",
    "github",
    "gitlab",
    "junit",
    "markdown",
    "notice_of",
    "sarif",
    "told",
    "unusable",
]
