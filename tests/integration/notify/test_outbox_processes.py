"""Several real processes write to one outbox."""

import json
import subprocess
import sys

WRITE_MANY = """
import sys
from pathlib import Path
from modelyard.notify.notification import Notification
from modelyard.notify.outbox import OutboxNotifier
file, first = Path(sys.argv[1]), int(sys.argv[2])
for number in range(first, first + 25):
    one = Notification("test", f"number {number}", "x" * 10_000, "where", "1", "next")
    assert OutboxNotifier(file).notify(one).status == "sent"
"""


def test_two_processes_at_once_lose_and_mix_nothing(tmp_path):
    file = tmp_path / "outbox.jsonl"
    command = [sys.executable, "-c", WRITE_MANY, str(file)]
    writers = [subprocess.Popen([*command, str(first)]) for first in (0, 100)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    documents = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len({document["id"] for document in documents}) == len(documents) == 50
