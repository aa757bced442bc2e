"""The policy pack's entry, for the official CLI's Python host."""

from modelyard_infra.policies.pack import main

main()
