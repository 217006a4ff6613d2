"""YAML files read into validated, frozen models: generators, suites and budgets."""
