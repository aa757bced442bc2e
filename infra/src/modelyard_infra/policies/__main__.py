"""`python -m modelyard_infra.policies`: what the policy pack's executable runs."""

from modelyard_infra.policies.pack import main

main()
