"""The moving average of the weights: by hand, and through a whole training."""

from __future__ import annotations

import torch
from torch import nn

from heedful.learn.average import Average
from small_training import Notes, build, reviews, settings


def test_average_by_hand():
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(0.0)
    average = Average(network, 0.2)
    network.weight.data.fill_(10.0)
    average.update(1)  # decay min(.2, 1/10) = .1: 0 + .9 x 10 = 9
    assert average.tensors["weight"].item() == 9.0
    network.weight.data.fill_(4.0)
    average.update(9)  # decay min(.2, 9/18) = .2: 9 + .8 x (4 - 9) = 5
    torch.testing.assert_close(average.tensors["weight"], torch.tensor([[5.0]]))


def test_swapped_shows_the_average_and_puts_the_weights_back():
    network = nn.Linear(1, 1, bias=False)
    average = Average(network, 0.9)
    average.tensors["weight"].fill_(7.0)
    before = network.weight.item()
    with average.swapped():
        assert network.weight.item() == 7.0
    assert network.weight.item() == before


def test_off_means_nothing_is_stored():
    network = nn.Linear(2, 2)
    average = Average(network, 0.0)
    average.update(1)
    assert average.tensors == {}
    with average.swapped():
        pass


def test_training_keeps_the_average_of_the_very_same_path():
    class Path(Notes):
        steps: list[dict[str, torch.Tensor]] = []  # noqa: RUF012 - one test, one list

        def batch(self, epoch, done, total, loss):
            now = {k: v.clone() for k, v in plain.network.state_dict().items()}
            self.steps.append(now)

    data = reviews(60)
    plain = build(settings(epochs=2), data, listener=Path())
    expected = {k: v.clone() for k, v in plain.network.state_dict().items()}
    plain.run()
    for number, weights in enumerate(Path.steps, start=1):
        decay = min(0.7, number / (number + 9))
        for name, tensor in weights.items():
            expected[name] = decay * expected[name] + (1 - decay) * tensor
    averaged = build(settings(epochs=2, average=0.7), data)
    averaged.run()
    for name, tensor in averaged.network.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])
        assert not torch.equal(tensor, Path.steps[-1][name])
