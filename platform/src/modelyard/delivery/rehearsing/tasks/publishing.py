"""Test results and coverage: read, kept, and shown in the summary."""

from __future__ import annotations

import shutil
from pathlib import Path

from modelyard.delivery.rehearsing.agent.patterns import matching
from modelyard.delivery.rehearsing.recording.results import ResultsError, read_cobertura, read_junit
from modelyard.delivery.rehearsing.work import DONE, Outcome, Work


def publish_tests(work: Work) -> Outcome:
    """PublishTestResults@2, for JUnit files."""
    style = work.input("testResultsFormat", "testRunner", default="JUnit")
    if style.lower() != "junit":
        return work.failed(f"test results as {style} are not read here; JUnit is")
    folder = work.path(work.input("searchFolder", default="."))
    patterns = work.input("testResultsFiles", default="**/TEST-*.xml")
    files = _found(patterns, folder)
    if not files:
        return _nothing(work, f"no file in {folder} is like {patterns}", "failTaskOnMissingResultsFile")
    title = work.input("testRunTitle", default=work.step.label)
    failed = sum([_take(work, file, title) for file in files])
    if failed and work.is_set("failTaskOnFailedTests"):
        return work.failed(f"{failed} tests failed")
    return Outcome(result="SucceededWithIssues", reason=f"{failed} tests failed") if failed else DONE


def publish_coverage(work: Work) -> Outcome:
    """PublishCodeCoverageResults@2, for Cobertura files."""
    patterns = work.input("summaryFileLocation")
    files = _found(patterns, work.agent.folders.sources)
    if not files:
        return _nothing(work, f"no coverage file is like {patterns}", "failIfCoverageEmpty")
    for file in files:
        try:
            rate = read_cobertura(file)
        except ResultsError as error:
            return work.failed(str(error))
        work.rehearsal.record.coverage.append({"job": work.job, "file": file.name, "lines": rate})
        work.say(f"{file.name}: {rate:.1%} of the lines")
    return DONE


def _take(work: Work, file: Path, title: str) -> int:
    """Keeps one file and its counts; returns how many tests failed."""
    kept = work.rehearsal.folder.tests / work.job
    kept.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, kept / file.name)
    try:
        found = read_junit(file)
    except ResultsError as error:
        work.transcript.issues.append(f"warning: {error}")
        return 0
    record = work.rehearsal.record
    same = {"job": work.job, "title": title, "file": file.name}
    record.tests = [one for one in record.tests if {key: one[key] for key in same} != same]
    record.tests.append({**found, "job": work.job, "title": title})
    work.say(f"{file.name}: {found['tests']} tests, {found['failed']} failed, {found['skipped']} skipped")
    return int(found["failed"])


def _found(patterns: str, folder: Path) -> list[Path]:
    """Files for patterns; an absolute one is looked for where it says."""
    found: dict[Path, None] = {}
    for line in filter(None, (line.strip() for line in patterns.splitlines())):
        root, pattern = folder, line
        if line.startswith("/"):
            fixed = Path(line)
            while any(mark in str(fixed) for mark in "*?"):
                fixed = fixed.parent
            root = fixed if fixed.is_dir() else fixed.parent
            pattern = str(Path(line).relative_to(root))
        found.update(dict.fromkeys(matching(root, pattern)))
    return list(found)


def _nothing(work: Work, reason: str, fails: str) -> Outcome:
    if work.is_set(fails):
        return work.failed(reason)
    work.say(f"warning: {reason}")
    return Outcome(result="SucceededWithIssues", reason=reason)
