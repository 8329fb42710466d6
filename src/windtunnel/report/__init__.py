"""Reports: results as text and as JSON, made by pure functions and never simulated here."""

from windtunnel.detect import FAMILIES
from windtunnel.report.backfill_text import backfill_json, backfill_text
from windtunnel.report.calibration_text import calibration_json, calibration_text
from windtunnel.report.comparison_forms import comparison_json, comparison_markdown
from windtunnel.report.comparison_text import comparison_text
from windtunnel.report.executions_text import executions_json, executions_text
from windtunnel.report.explanation import codes_json, codes_text, page_json
from windtunnel.report.finding_text import finding_text, headline, story
from windtunnel.report.highlight import THEME, ReportHighlighter
from windtunnel.report.json_form import check_json, proof_json, run_json
from windtunnel.report.load_report import load_json, load_text
from windtunnel.report.plan_json import plan_form, plan_json
from windtunnel.report.plan_text import plan_text
from windtunnel.report.proof_text import proof_text
from windtunnel.report.rechecked_text import rechecked_line
from windtunnel.report.spread_text import spread_json, spread_text
from windtunnel.report.text import check_text, findings_text, problems_text, run_text
from windtunnel.report.waiting import waiting_json, waiting_text
from windtunnel.report.wrap import wrap

__all__ = [
    "FAMILIES",
    "THEME",
    "ReportHighlighter",
    "backfill_json",
    "backfill_text",
    "calibration_json",
    "calibration_text",
    "check_json",
    "check_text",
    "codes_json",
    "codes_text",
    "comparison_json",
    "comparison_markdown",
    "comparison_text",
    "executions_json",
    "executions_text",
    "finding_text",
    "findings_text",
    "headline",
    "load_json",
    "load_text",
    "page_json",
    "plan_form",
    "plan_json",
    "plan_text",
    "problems_text",
    "proof_json",
    "proof_text",
    "rechecked_line",
    "run_json",
    "run_text",
    "spread_json",
    "spread_text",
    "story",
    "waiting_json",
    "waiting_text",
    "wrap",
]
