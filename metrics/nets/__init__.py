"""The networks that metrics train: GRU, LSTM and TS2Vec, with their optimiser and matrix products."""
