"""Expanding is quick enough to do it at every save."""

from __future__ import annotations

import time
from pathlib import Path

from modelyard.delivery.expanding.loading import load

STEPS = "".join(
    f"- ${{{{ if ne(parameters.name, 'none{n}') }}}}:\n"
    f"  - script: modelyard model train ${{{{ parameters.name }}}} --part {n}\n"
    f"    displayName: Part {n} of ${{{{ parameters.name }}}}\n"
    "    env:\n      TOKEN: $(System.AccessToken)\n"
    for n in range(10)
)
ALLOWED_SECONDS = 2.0
"""About 0.05 s on an idle core; the rest is for a machine that is busy with other tests."""


def test_a_pipeline_of_thirty_templates_expands_in_a_moment():
    files = {f"steps/{n}.yml": f"parameters:\n- name: name\nsteps:\n{STEPS}" for n in range(30)}
    stages = "".join(f"- stage: s{n}\n  jobs:\n  - job: a\n    steps:\n    - template: steps/{n}.yml\n"
                     f"      parameters: {{name: m{n}}}\n" for n in range(30))  # fmt: skip
    files["a.yml"] = f"stages:\n{stages}"
    encoded = {name: text.encode() for name, text in files.items()}
    begun = time.perf_counter()
    pipeline = load(Path("/nowhere"), "a.yml", read=encoded.get)
    seconds = time.perf_counter() - begun
    assert sum(len(job.steps) for _, job in pipeline.jobs) == 300
    assert seconds < ALLOWED_SECONDS
