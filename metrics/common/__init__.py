"""What several metrics share: distances, neighbours, classifiers and corruptions."""
