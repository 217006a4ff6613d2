"""The published recurrent scores on TensorFlow's own cell, optimizer and initial values: a second, independent computation."""
