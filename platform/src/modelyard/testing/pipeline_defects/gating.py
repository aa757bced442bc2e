"""Ways around a gate: the dependency is missing, or there and worth nothing."""

from __future__ import annotations

from modelyard.testing.pipeline_defects.defect import STAGES, Defect

GOVERNED = "pipelines/azure/governed.yml"
SUITE = "pipelines/azure/jobs/suite.yml"
VERIFY = f"{STAGES}/verify.yml"
CANDIDATES = f"{STAGES}/candidates.yml"
DECIDE = f"{STAGES}/decide.yml"
RELEASE = f"{STAGES}/release.yml"
DEPLOY = f"{STAGES}/deploy.yml"
PRODUCTION = f"{STAGES}/production.yml"
COMPARE = "    dependsOn: [verify, train]\n"
TEST = "      - bash: make ${{ parameters.suite }}\n"


def _gates(name: str, file: str, old: str, new: str, *, at: str, found_in: str = "") -> Defect:
    return Defect(name=name, rule="gates", file=file, old=old, new=new, at=at, found_in=found_in)


DEFECTS = (
    _gates(
        "production without test",
        PRODUCTION,
        "dependsOn: [deploy_test]",
        "dependsOn: [deploy_dev]",
        at="dependsOn: [deploy_dev]",
    ),
    _gates(
        "a release without a promotion",
        RELEASE,
        "dependsOn: [verify, promote]",
        "dependsOn: [verify]",
        at="dependsOn: ${{ parameters.needs }}",
        found_in=DEPLOY,
    ),
    _gates(
        "a promotion without an approval",
        DECIDE,
        "dependsOn: [verify, decide]",
        "dependsOn: [compare, verify]",
        at="dependsOn: [compare, verify]",
    ),
    _gates(
        "a decision without a comparison",
        DECIDE,
        "    dependsOn: [verify, compare]\n",
        "    dependsOn: [verify]\n",
        at="dependsOn: [verify, decide]",
    ),
    _gates(
        "a stage that runs after a failed comparison",
        DECIDE,
        "    dependsOn: [verify, compare]\n",
        "    dependsOn: [verify, compare]\n    condition: succeededOrFailed()\n",
        at="condition: succeededOrFailed()",
    ),
    _gates(
        "a stage that runs after a skipped comparison",
        DECIDE,
        "    dependsOn: [verify, compare]\n",
        "    dependsOn: [verify, compare]\n    condition: in(dependencies.compare.result, 'Succeeded', 'Skipped')\n",
        at="condition: in(",
    ),
    _gates(
        "a comparison that can be switched off by a variable",
        DECIDE,
        "    dependsOn: [verify, compare]\n",
        "    dependsOn: [verify, compare]\n    condition: or(succeeded(), eq(variables['hotfix'], 'true'))\n",
        at="condition: or(",
    ),
    _gates(
        "a comparison that fails and the pipeline goes on",
        CANDIDATES,
        "      - job: compare\n",
        "      - job: compare\n        continueOnError: true\n",
        at="continueOnError: true",
    ),
    _gates(
        "a comparison that is skipped and its stage succeeds",
        CANDIDATES,
        "      - job: compare\n",
        "      - job: compare\n        condition: ne(variables['compare'], 'no')\n",
        at="condition: ne(variables",
    ),
    _gates(
        "tests that are skipped and their job succeeds",
        SUITE,
        TEST,
        f"{TEST}        condition: ne(variables['tests'], 'no')\n",
        at="condition: ne(variables",
    ),
    _gates(
        "a scan that is switched off",
        RELEASE,
        "modelyard release scan $(model) --from",
        "modelyard release build $(model) --out",
        at="- stage: deploy_prod",
        found_in=PRODUCTION,
    ),
    _gates(
        "an image that stays in dev's registry",
        PRODUCTION,
        "modelyard release import --from",
        "modelyard release scan --from",
        at="- stage: deploy_prod",
    ),
    Defect(
        name="a gate that can be unticked",
        rule="gates-not-skippable",
        file=VERIFY,
        old="    isSkippable: false\n",
        new="",
        at="- stage: verify",
    ),
    Defect(
        name="tests that may fail",
        rule="gates-stop",
        file=SUITE,
        old="        displayName: make ${{ parameters.suite }}\n      - ${{ if",
        new="        displayName: make ${{ parameters.suite }}\n        continueOnError: true\n      - ${{ if",
        at="continueOnError: true",
    ),
)
