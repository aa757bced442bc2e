"""checkov's opinion of an environment, over both of its renderings, and why we differ where we differ."""

from modelyard_infra.checkov.justifying import Justified, Verdict, judge, load_justified
from modelyard_infra.checkov.running import Finding, Report, run_checkov

__all__ = ["Finding", "Justified", "Report", "Verdict", "judge", "load_justified", "run_checkov"]
