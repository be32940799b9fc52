"""Encoders against PyTorch's packed sequences, Keras' masks, and numbers by hand."""

from __future__ import annotations

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

from heedful.config import Config
from heedful.nn.encode import build_encoder
from heedful.nn.mask import masked_mean
from heedful.nn.recurrent import Recurrent, ReluGates, last, reorder, reversal
from heedful.settings import apply

LENGTHS = torch.tensor([7, 3, 1, 5])


def padded(width: int = 5, time: int = 7, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Random values (4, time, width) with garbage in the padding, and their mask."""
    torch.manual_seed(seed)
    mask = torch.arange(time) < LENGTHS.unsqueeze(1)
    return torch.randn(4, time, width), mask


def copy_direction(ours: nn.Module, theirs: nn.Module, suffix: str) -> None:
    with torch.no_grad():
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(theirs, name + suffix).copy_(getattr(ours.rnn, name))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_two_passes_equal_pytorchs_packed_bidirectional_layer(cell):
    layer = Recurrent(cell, 5, 3, bidirectional=True, gate="sigmoid")
    oracle = (nn.LSTM if cell == "lstm" else nn.GRU)(5, 3, batch_first=True, bidirectional=True)
    copy_direction(layer.forwards, oracle, "")
    copy_direction(layer.backwards, oracle, "_reverse")
    values, mask = padded()
    packed = nn.utils.rnn.pack_padded_sequence(
        values, LENGTHS, batch_first=True, enforce_sorted=False
    )
    out, hidden = oracle(packed)
    expected, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
    final = hidden[0] if cell == "lstm" else hidden
    states, ours_final = layer(values, mask)
    torch.testing.assert_close(states * mask.unsqueeze(-1), expected)
    torch.testing.assert_close(ours_final, torch.cat([final[0], final[1]], dim=1))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_layer_agrees_with_keras_under_a_mask(cell):
    """Keras' LSTM and GRU with a mask: order of gates and the two biases differ, not the rest."""
    import keras  # here: seconds, which each worker would pay

    layer = Recurrent(cell, 5, 3, bidirectional=True, gate="sigmoid")
    kind = keras.layers.LSTM if cell == "lstm" else keras.layers.GRU
    # Keras' backward half keeps a text's padding in front of it, so each text is compared alone.
    oracle = keras.layers.Bidirectional(kind(3, return_sequences=True))
    values, mask = padded()
    oracle.build((None, None, 5))
    weights = [w for side in (layer.forwards, layer.backwards) for w in _keras_weights(cell, side)]
    oracle.set_weights(weights)
    states, _ = layer(values, mask)
    for row, length in enumerate(LENGTHS):
        alone = oracle(values[row : row + 1, :length].numpy())
        expected = keras.ops.convert_to_numpy(alone)[0]
        np.testing.assert_allclose(states[row, :length].detach().numpy(), expected, atol=1e-5)


def _keras_weights(cell: str, side: nn.Module) -> list[np.ndarray]:
    rnn = side.rnn
    inputs, recurrent, bias_x, bias_h = (
        p.detach() for p in (rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0)
    )
    if cell == "lstm":  # both: input, forget, cell, output
        return [inputs.T.numpy(), recurrent.T.numpy(), (bias_x + bias_h).numpy()]

    def swap(matrix):  # PyTorch: reset, update, new; Keras: update, reset, new
        r, z, n = matrix.chunk(3)
        return torch.cat([z, r, n])

    biases = torch.stack([swap(bias_x), swap(bias_h)])
    return [swap(inputs).T.numpy(), swap(recurrent).T.numpy(), biases.numpy()]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_our_cells_with_sigmoid_gates_equal_pytorch(cell):
    torch.manual_seed(1)
    ours = ReluGates(cell, 5, 3, gate="sigmoid")
    oracle = (nn.LSTM if cell == "lstm" else nn.GRU)(5, 3, batch_first=True)
    with torch.no_grad():
        oracle.weight_ih_l0.copy_(ours.inputs.weight)
        oracle.weight_hh_l0.copy_(ours.recurrent.weight)
        oracle.bias_ih_l0.copy_(ours.inputs.bias)
        oracle.bias_hh_l0.copy_(ours.recurrent.bias)
    values, _ = padded()
    torch.testing.assert_close(ours(values), oracle(values)[0])


def test_relu_gates_by_hand():
    gru = ReluGates("gru", 1, 1)
    with torch.no_grad():
        gru.inputs.weight.copy_(torch.tensor([[1.0], [0.25], [0.0]]))
        gru.inputs.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
        gru.recurrent.weight.copy_(torch.tensor([[0.0], [0.0], [1.0]]))
        gru.recurrent.bias.zero_()
    # x = 2: r = 2, z = .5, n = tanh(1), h = .5 n. Then r = 2, n' = tanh(1 + 2 h), h' = (n'+h)/2
    h = 0.5 * np.tanh(1)
    expected = [h, 0.5 * np.tanh(1 + 2 * h) + 0.5 * h]
    states = gru(torch.tensor([[[2.0], [2.0]]])).flatten().detach().numpy()
    np.testing.assert_allclose(states, expected, rtol=1e-6)
    # A sigmoid would have given r = .88, z = .62: the gate really is another one.
    assert abs(states[0] - (1 - 0.6225) * np.tanh(1)) > 0.05


def test_conv_by_hand_sees_its_window_and_nothing_else():
    config = apply(Config(), {"encoder": "conv", "hidden": 1, "window": 3, "embedding": 1}).model
    encoder = build_encoder(1, config)
    with torch.no_grad():
        encoder.convolutions[0].weight.copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
        encoder.convolutions[0].bias.fill_(0.5)
    values = torch.tensor([[[1.0], [2.0], [3.0], [7.0]]])  # the 7 is padding
    mask = torch.tensor([[True, True, True, False]])
    states = encoder(values, mask).states
    expected = [10 + 200 + 0.5, 1 + 20 + 300 + 0.5, 2 + 30 + 0.5]
    torch.testing.assert_close(states[0, :3, 0], torch.tensor(expected))


def test_reversal_and_last_by_hand():
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]).bool()
    positions = reversal(mask)
    assert positions.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [0, 1, 2, 3]]
    values = torch.arange(12.0).reshape(3, 4, 1)
    assert reorder(values, positions)[0, :, 0].tolist() == [2, 1, 0, 3]
    assert last(values, mask)[:, 0].tolist() == [2, 4, 0]


@pytest.mark.parametrize("encoder", ["conv", "bilstm", "bigru"])
def test_every_setting_changes_the_result(encoder):
    """layers, hidden, bidirectional, window and gate each do something."""
    values, mask = padded()

    def width_and_size(**settings):
        base = {"encoder": encoder, "hidden": 3, "embedding": 5}
        module = build_encoder(5, apply(Config(), base | settings).model)
        states = module(values, mask).states
        assert states.shape == (4, 7, module.width)
        return module.width, sum(p.numel() for p in module.parameters())

    plain = width_and_size()
    assert width_and_size(layers=2)[1] > plain[1]
    assert width_and_size(hidden=4)[0] > plain[0]
    if encoder == "conv":
        assert width_and_size(window=3)[1] < plain[1]
    else:
        assert width_and_size(bidirectional=False)[0] == plain[0] // 2


def test_dropout_per_layer_acts_in_training_only():
    settings = {"encoder": "bilstm", "layers": 2, "hidden": 3, "encoder_dropout": "0.5,0.9"}
    encoder = build_encoder(5, apply(Config(), settings).model)
    assert [d.p for d in encoder.dropouts] == [0.5, 0.9]
    values, mask = padded()
    encoder.train()
    zeros = (encoder(values, mask).states == 0).float().mean()
    assert 0.8 < zeros < 0.98
    encoder.eval()
    assert (encoder(values, mask).states == 0).float().mean() == 0


def test_shapes_are_checked_while_tests_run():
    with pytest.raises(jaxtyping.TypeCheckError):
        masked_mean(torch.zeros(2, 3, 4), torch.zeros(2, 5, dtype=torch.bool))
