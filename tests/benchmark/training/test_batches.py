"""Epochs of batches: every row once, in a new order."""

import torch

from benchmark.training import Batches


def test_an_epoch_holds_every_row_at_most_once():
    batches = Batches(torch.arange(11.0).view(11, 1, 1), 4)
    stream = torch.Generator().manual_seed(0)
    epochs = [torch.cat([batches.draw(2 * e + i, stream).flatten() for i in range(2)]).tolist() for e in range(3)]
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert len(Batches(torch.zeros((3, 1, 1)), 16).draw(5, stream)) == 3


def test_a_short_last_batch_is_kept_where_asked():
    batches = Batches(torch.arange(11.0).view(11, 1, 1), 4, keep_short=True)
    stream = torch.Generator().manual_seed(0)
    epoch = [batches.draw(number, stream).flatten().tolist() for number in range(3)]
    assert [len(batch) for batch in epoch] == [4, 4, 3]
    assert sorted(row for batch in epoch for row in batch) == list(range(11))
