"""Train TimeMAR-S on Stocks at the smallest budget, sample 500 windows, and print Context-FID with its floor."""

from benchmark.api import generator, load_dataset, score

stocks = load_dataset("stocks", length=24)
model = generator("timemar_s", budget="smoke").fit(stocks)
samples = model.sample(500)
scores = score(stocks, samples, scores=["context_fid"])
print(scores["context_fid"])
