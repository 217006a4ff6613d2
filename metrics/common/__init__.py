"""What several metrics share: distances, neighbours and classifiers."""
