"""Images, agents, tools and caches: the same today and tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from modelyard.delivery.expressions.texts import expand_macros
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import script_of, task_name
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.linting.variables import values_for
from modelyard.delivery.linting.works import commands_of
from modelyard.delivery.places import Place

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
TOOLS: Mapping[str, str] = {
    "usepythonversion": "versionSpec",
    "nodetool": "versionSpec",
    "usenode": "version",
    "gotool": "version",
    "usedotnet": "version",
    "javatoolinstaller": "versionSpec",
}
"""Tasks that install a tool, and the input that names its version."""
EXACT_MINOR = re.compile(r"\d+\.\d+(\.\d+)?")
LOCKS = re.compile(
    r"(uv|poetry|Pipfile|Cargo|Gemfile|yarn|composer|bun|flake)\.lock|-lock\.(json|ya?ml)|\.lock\b|go\.sum"
)
BRANCH = re.compile(r"(?i)Build\.SourceBranch|System\.PullRequest\.|refs/heads")
DOWNLOADERS = frozenset(
    {"curl", "wget", "iwr", "irm", "iex", "Invoke-WebRequest", "Invoke-RestMethod", "Invoke-Expression"}
)
PIP_VALUES = frozenset({"-i", "--index-url", "--extra-index-url", "-t", "--target", "--prefix", "-c", "--constraint"})


def _images(run: Run) -> Iterator[tuple[Place, str, str]]:
    """Containers: where, the key, and the image. A name without `/` and `:` is one of resources."""
    containers = run.pipeline.resources.get("containers") or []
    named = {str(item.get("container")) for item in containers if isinstance(item, Mapping)}
    for item in containers:
        if isinstance(item, Mapping) and "image" in item:
            yield run.pipeline.place, "image", str(item["image"])
    for key, text in _containers_in(run.pipeline.document):
        if text not in named:
            yield run.pipeline.place, key, text


def _containers_in(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "container":
                yield ("image", str(inner.get("image"))) if isinstance(inner, Mapping) else (key, str(inner))
            elif key not in {"resources", "inputs"}:
                yield from _containers_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _containers_in(inner)


def floating_image(run: Run, study: Study) -> Iterator[Problem]:
    """Container images that are not named by their digest."""
    for place, key, image in _images(run):
        if not DIGEST.search(image):
            message = f"image `{image}` is not named by its digest"
            yield Problem(study.text_place(image, key) or place, message, "add @sha256:… of the image that was tried")


def floating_agent(run: Run, study: Study) -> Iterator[Problem]:
    """Agents that change under a pipeline."""
    pipeline = run.pipeline
    pools = [(pipeline.place, pipeline.pool)]
    for stage in pipeline.stages:
        pools += [(stage.place, stage.pool), *((job.place, job.pool) for job in stage.jobs)]
    for place, pool in pools:
        image = str(pool.get("vmImage", ""))
        if image.lower().endswith("-latest"):
            where = study.text_place(image, "vmImage") or study.at(place, "pool")
            yield Problem(where, f"agent image `{image}` changes by itself", "name a version, such as ubuntu-24.04")


def floating_tool(run: Run, study: Study) -> Iterator[Problem]:
    """Tools of no exact minor version."""
    for stage, job, step in run.steps:
        key = TOOLS.get(task_name(step))
        if key:
            version = expand_macros(str(step.inputs.get(key, "")), values_for(run.pipeline, stage, job))
            if not EXACT_MINOR.fullmatch(version):
                message = f"`{version}` is no exact minor version" if version else f"`{step.label}` names no {key}"
                yield Problem(study.at(step.place, key), message, "write it as 3.11")


def loose_cache(run: Run, study: Study) -> Iterator[Problem]:
    """Caches that are not keyed by a lock, or are keyed by a branch."""
    for _, _, step in run.steps:
        if task_name(step) != "cache":
            continue
        key, restore = str(step.inputs.get("key", "")), str(step.inputs.get("restoreKeys", ""))
        if not LOCKS.search(key):
            message = f"the cache's key `{key}` names no lock file"
            yield Problem(study.at(step.place, "key"), message, "add a lock file to it, such as uv.lock: its digest")
        for name, text in (("key", key), ("restoreKeys", restore)):
            if BRANCH.search(text):
                message = "the cache is kept by branch, so one branch could fill it for another"
                yield Problem(study.at(step.place, name), message, "key it by the lock file alone")


def installers(run: Run, study: Study) -> Iterator[Problem]:
    """Programs that are fetched and run, and packages of no exact version."""
    for _, _, step in run.steps:
        script = script_of(step)
        for words in commands_of(step) if script else []:
            wrong = _fetched(words)
            if script and wrong:
                hint = "let `make setup-dev` install it from the lock"
                yield Problem(study.at(step.place, script.key, about=words[0]), wrong, hint)


def _fetched(words: Sequence[str]) -> str | None:
    program = words[0].rpartition("/")[2]
    if program in DOWNLOADERS:
        return f"`{program}` fetches something that nobody checked"
    if program.startswith("python") and tuple(words[1:3]) == ("-m", "pip"):
        program, words = "pip", words[2:]
    if program == "uv" and len(words) > 1 and words[1] in {"pip", "tool"}:
        program, words = "pip", words[1:]
    if re.fullmatch(r"pip3?", program) and "install" in words:
        loose = _loose_packages(words[words.index("install") + 1 :])
        return f"`pip install` of {', '.join(loose)} names no exact version" if loose else None
    if program in {"apt", "apt-get", "brew", "choco", "npm", "npx"} and {"install", "i", "-g"} & set(words):
        return f"`{program}` installs what is newest"
    return None


def _loose_packages(words: Sequence[str]) -> list[str]:
    loose, skip = [], False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if skip or word in PIP_VALUES:
            skip = not skip
        elif word in {"-r", "--requirement"}:
            skip = True
            if "--require-hashes" not in words and not LOCKS.search(following):
                loose.append(following)
        elif not word.startswith(("-", ".")) and "==" not in word and "@" not in word and not word.endswith(".whl"):
            loose.append(word)
    return loose


RULES = (
    Rule(
        id="image-digest",
        kind="house",
        what="Container images are named by digest.",
        why="A tag can be moved to another image after it was checked.",
        check=each_run(floating_image),
    ),
    Rule(
        id="agent-image",
        kind="house",
        what="Agents name a version of their image, not latest.",
        why="A run would break on a day when nobody changed anything.",
        check=each_run(floating_agent),
    ),
    Rule(
        id="tool-version",
        kind="house",
        what="UsePythonVersion, and tasks like it, name an exact minor version.",
        why="The lock was made for it.",
        check=each_run(floating_tool),
    ),
    Rule(
        id="cache-key",
        kind="house",
        what="Caches are keyed by a lock file and never by a branch.",
        why="What is restored must be what the lock names; and a pull request must not fill what main uses.",
        check=each_run(loose_cache),
    ),
    Rule(
        id="no-installers",
        kind="house",
        what="No step downloads programs or installs packages of no exact version.",
        why="What runs with the pipeline's rights must have been checked.",
        check=each_run(installers),
    ),
)
