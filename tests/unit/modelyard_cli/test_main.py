"""How the command line ends: a sentence, the next command, and an exit code that schedulers can rely on."""

import errno
import json
import subprocess
import sys

import click
import pytest

from modelyard.cli.main import guarded, modelyard
from modelyard.cli.output import emit, step, table
from modelyard.errors import BatchRefusedError, LakeBusyError


def ended(error):
    with pytest.raises(SystemExit) as end, guarded():
        raise error
    return end.value.code


def test_an_error_ends_with_its_sentence_its_hint_and_its_code(capsys):
    assert ended(BatchRefusedError("flights: refused", hint="modelyard data quarantine flights")) == 4
    said = capsys.readouterr()
    assert said.err.splitlines() == ["error: flights: refused", "next: modelyard data quarantine flights"]
    assert said.out == ""


def test_what_may_be_retried_ends_with_one_code_whatever_its_kind():
    assert ended(LakeBusyError("flights is being written")) == 75


def test_a_wrong_option_is_a_usage_error():
    assert ended(click.UsageError("no such option")) == 2


def test_an_interruption_says_how_to_continue(capsys):
    assert ended(KeyboardInterrupt()) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_a_full_disk_is_one_sentence_and_not_a_traceback(capsys):
    assert ended(OSError(errno.ENOSPC, "No space left on device")) == 3
    assert "the disk is full" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), guarded():
        _ = 1 / 0


def test_every_noun_of_the_design_is_there_and_loads():
    context = click.Context(modelyard)
    nouns = modelyard.list_commands(context)
    assert nouns == ["ci", "data", "doctor", "env", "infra", "model", "release", "schedule", "serve"]
    assert all(isinstance(modelyard.get_command(context, noun), click.Command) for noun in nouns)


def test_asking_for_help_loads_no_heavy_library():
    script = (
        "import sys; from modelyard.cli.main import modelyard\n"
        "modelyard.main(['data', '--help'], standalone_mode=False)\n"
        "print([name for name in ('mlflow', 'sklearn', 'pulumi', 'pandas', 'great_expectations', 'matplotlib') "
        "if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_machines_get_one_json_document_and_people_get_text(capsys):
    emit({"rows": 3}, lambda: "three rows", "json")
    assert json.loads(capsys.readouterr().out) == {"rows": 3}
    emit({"rows": 3}, lambda: "three rows", "text")
    assert capsys.readouterr().out == "three rows\n"


def test_a_table_sets_numbers_to_the_right_and_groups_thousands():
    shown = table(["layer", "rows"], [("RAW", 336776), ("CLEAN", 4)]).splitlines()
    assert shown == ["layer     rows", "-----  -------", "RAW    336,776", "CLEAN        4"]


def test_a_step_tells_that_it_ended_and_how_long_it_took(capsys):
    with step("landing flights"):
        pass
    assert capsys.readouterr().err.startswith("  ✓ landing flights (0.0 s)")
