"""A sweep: Optuna proposes parameters, ordinary cells try them, and a validation quantity chooses."""
