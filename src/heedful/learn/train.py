"""The training loop, written out. One for all tasks.

It can be killed at any moment and resumed to bit-identical weights: everything random is a
function of the seed and the step (drop-out) or the epoch (order of the batches), never of a
generator's past; checkpoints only look on.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heedful.config import TrainConfig
from heedful.learn.average import Average
from heedful.learn.checkpoint import Snapshot, Store, copy_tensors
from heedful.learn.job import Job
from heedful.learn.listener import Listener, Silent
from heedful.learn.memory import release
from heedful.learn.metrics import is_better
from heedful.learn.model import cores, device_of, using_threads
from heedful.learn.outcome import Outcome
from heedful.learn.recording import Recorder, Step
from heedful.learn.schedule import rate
from heedful.learn.updates import Updates
from heedful.learn.workers import Alone, Workers
from heedful.records import Epoch, HeedfulError
from heedful.text.batch import training_order

MOST_ROLLBACKS = 8


@dataclass
class _State:
    """Where training is; all of it goes into a checkpoint."""

    epoch: int = 0  # finished epochs
    step: int = 0  # finished batches over all epochs
    batch: int = 0  # finished batches of the running epoch
    best_value: float | None = None
    best_epoch: int = 0
    bad_epochs: int = 0
    rollbacks: int = 0
    seconds: float = 0.0  # spent on the running epoch
    learning_rate: float = 0.0  # of the last batch
    history: list[dict[str, Any]] = field(default_factory=list)


class Trainer:
    """Trains one network.

    Args:
        job: what is learnt, and the network, which is changed in place. Without validation data
            there is no early stopping, and the last weights are kept.
        config: how to learn. `threads` is used as it stands.
        store: where checkpoints go; None = memory only.
        listener: who watches.
        workers: who takes part; None = nobody else. Each has a network and the same data; the
            leader alone has a store. Batches are as many times larger as there are workers.
    """

    def __init__(
        self,
        job: Job,
        config: TrainConfig,
        store: Store | None = None,
        listener: Listener | None = None,
        workers: Workers | None = None,
    ) -> None:
        network = job.network
        self.network, self.job = network, job
        self.config, self.store = config, store
        if job.validated and config.monitor not in job.metrics:
            raise HeedfulError(
                f"train.monitor={config.monitor} is no validation metric; choose from "
                f"{', '.join(job.metrics)}"
            )
        self.listener: Listener = listener or Silent()
        self.recorder = self.listener if isinstance(self.listener, Recorder) else None
        self.device = device_of(network)
        modules = dict(network.named_modules())
        table = modules[job.table] if job.table else None
        by_rows = [table] if isinstance(table, nn.Embedding) else []
        self.optimizer = Updates(network, config, by_rows)
        self.workers: Workers = workers or Alone()
        self.gradients = self.workers.gradients(job, config.threads or cores())
        self.state = _State()
        self.best: dict[str, Tensor] = {}
        named = f"{job.table}.weight" if self.optimizer.tables else None
        self.average = Average(network, config.average, named)
        self.running = np.full((len(job.lengths), job.width), np.nan, dtype=np.float32)
        self.epoch_start: Snapshot | None = None
        self.saved_at = time.monotonic()

    # -- the loop -------------------------------------------------------------------------

    def run(self, *, resume: bool = False) -> Outcome:
        """Train to the end, from the newest checkpoint if `resume` finds one.

        Raises:
            HeedfulError: the loss stays non-finite however low the rate; the checkpoint belongs
                to another network; the monitored metric is not defined on the validation data.
        """
        interrupted, reason = False, ""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices), using_threads(self.config.threads):
            # Adam's moments of rare words decay into denormal numbers, which are slow.
            flushing = torch.set_flush_denormal(True)
            try:
                with self.workers.listening():
                    self._begin(resume)
                    while not (reason := self._reason_to_stop()):
                        self._epoch()
            except KeyboardInterrupt:
                interrupted, reason = True, "stopped by hand"
            finally:
                self.gradients.close()
                if flushing:
                    torch.set_flush_denormal(False)
            self._restore_best()
        return Outcome(self._history(), self.state.best_epoch, reason, interrupted)

    def _begin(self, resume: bool) -> None:
        store = self.store if resume else None
        found = self.workers.snapshots(lambda: store.load() if store else None)
        if found:
            self.epoch_start, newest = found
            try:
                self._restore(newest)
            except (RuntimeError, KeyError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise HeedfulError(
                    f"the checkpoint does not fit this training ({reason}); train without --resume"
                ) from None
            done = f"epoch {self.state.epoch + 1}, batch {self.state.batch}"
            self.listener.say(f"resuming at {done} (step {self.state.step:,})")
        else:
            self._mark_epoch_start()
        if self.recorder:
            self.recorder.begin(self.state.step, self._history())

    def _history(self) -> tuple[Epoch, ...]:
        return tuple(Epoch(**record) for record in self.state.history)

    def _reason_to_stop(self) -> str:
        state, config = self.state, self.config
        # A checkpoint may lie between the last step and the end of its epoch, which is still due.
        if self._out_of_steps() and not state.batch:
            return f"all {config.steps:,} steps done"
        if config.patience and self.job.validated and state.bad_epochs >= config.patience:
            return (
                f"validation {config.monitor} has not improved for {state.bad_epochs} "
                f"epoch{'s' if state.bad_epochs > 1 else ''}"
            )
        if state.epoch >= config.epochs:
            return (
                "the one epoch done" if config.epochs == 1 else f"all {config.epochs} epochs done"
            )
        return ""

    def _epoch(self) -> None:
        """One pass over the training data; falls back to its start if the loss breaks."""
        state, config = self.state, self.config
        lengths = self.job.lengths
        self.workers.align(self.network)
        size, tokens_most = (
            n * self.workers.size for n in (config.batch_size, config.batch_tokens)
        )
        plan = training_order(lengths, size, tokens_most, (config.seed, state.epoch))
        tokens = np.cumsum([int(lengths[order].sum()) for order in plan])
        self.network.train()
        while state.batch < len(plan) and not self._out_of_steps():
            started = time.monotonic()
            progress = (state.epoch + state.batch / len(plan)) / config.epochs
            value = self._step(plan[state.batch], progress)
            if not math.isfinite(value):
                self._roll_back()
                return
            state.batch += 1
            state.step += 1
            seconds = time.monotonic() - started
            state.seconds += seconds
            done = int(tokens[state.batch - 1])
            self.listener.batch(state.epoch + 1, done, int(tokens[-1]), value)
            if self.recorder:
                read = int(lengths[plan[state.batch - 1]].sum())
                self.recorder.step(
                    Step(state.step, state.epoch + 1, value, state.learning_rate, read, seconds)
                )
            self._save_if_due()
            release(state.step)
        self._finish_epoch(int(tokens[state.batch - 1]))

    def _out_of_steps(self) -> bool:
        return self.config.steps is not None and self.state.step >= self.config.steps

    def _step(self, order: NDArray[np.int64], progress: float) -> float:
        """One batch: forward, backward, update.

        Returns the log loss, without penalties; NaN if a penalty or a gradient broke.
        """
        state, config = self.state, self.config
        if config.steps is not None:
            progress = state.step / config.steps
        # Drop-out and masking depend on the seed and the step alone, so that a resumed run draws
        # the same.
        seed = (config.seed * 0x9E3779B97F4A7C15 + state.step) % 2**63
        highest = config.learning_rate * 0.5**state.rollbacks
        state.learning_rate = rate(config.schedule, highest, progress)
        self.optimizer.rate = state.learning_rate
        value, extra, output = self.gradients(order, progress, seed)
        if extra is not None and not torch.isfinite(value + extra):
            return math.nan
        if config.clip_norm and not math.isfinite(self.optimizer.clip(config.clip_norm)):
            return math.nan
        result = float(value.detach())
        if math.isfinite(result):
            rows = self.optimizer.touched()
            self.average.catch_up(rows)
            self.optimizer.step()
            self.average.update(state.step + 1, rows)
            self.running[order] = output.detach().cpu().numpy()
        return result

    # -- the end of an epoch --------------------------------------------------------------

    def _finish_epoch(self, tokens: int) -> None:
        state, config = self.state, self.config
        with self.average.swapped():  # what is measured is what would be kept
            valid = self.workers.first(self._measure_valid)
        if valid is None:  # a broken state must not become the one to go back to
            self._roll_back()
            return
        record = Epoch(
            epoch=state.epoch + 1,
            step=state.step,
            seconds=round(state.seconds, 3),
            learning_rate=state.learning_rate,
            tokens_per_second=round(tokens / max(state.seconds, 1e-9), 1),
            train=self._measure_train(),
            valid=valid,
        )
        value = valid.get(config.monitor, math.nan)
        if valid and math.isnan(value):
            raise HeedfulError(
                f"train.monitor={config.monitor} is not defined on this validation data, where a "
                "class has no text or every text; use train.monitor=loss"
            )
        best = (
            not valid
            or config.keep_epoch == "last"
            or is_better(config.monitor, value, state.best_value, config.min_delta)
        )
        state.epoch += 1
        state.batch, state.seconds = 0, 0.0
        state.history.append(record.to_json())
        if best:
            with self.average.swapped():
                self.best = copy_tensors(self.network.state_dict())
            state.best_value = value if valid else None
            state.best_epoch, state.bad_epochs = state.epoch, 0
        else:
            state.bad_epochs += 1
        self.running.fill(np.nan)
        self._mark_epoch_start()
        self.listener.epoch(record, best)

    def _measure_train(self) -> dict[str, float]:
        """Running figures of the batches of this epoch, as they were when trained on."""
        seen = ~np.isnan(self.running[:, 0])
        return self.job.measure_train(self.running[seen], seen)

    def _measure_valid(self) -> dict[str, float] | None:
        """Figures of the validation data; None where weights or logits are not finite."""
        if not all(bool(torch.isfinite(p).all()) for p in self.network.parameters()):
            return None
        return self.job.measure_valid() if self.job.validated else {}

    # -- snapshots ------------------------------------------------------------------------

    def _snapshot(self) -> Snapshot:
        tensors = {f"model.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        tensors |= {f"average.{k}": v for k, v in self.average.snapshot().items()}
        tensors |= {f"optimizer.{k}": v for k, v in self.optimizer.tensors().items()}
        tensors["running"] = torch.from_numpy(self.running)
        state = self.state
        facts = asdict(state) | {"epoch_start": [state.epoch, state.rollbacks]}
        return Snapshot(copy_tensors(tensors), facts)

    def _restore(self, snapshot: Snapshot) -> None:
        sections = ("model", "best", "optimizer", "average")
        parts: dict[str, dict[str, Tensor]] = {section: {} for section in sections}
        for name, tensor in snapshot.tensors.items():
            section, _, rest = name.partition(".")
            if section in parts:
                parts[section][rest] = tensor.clone()
        self.network.load_state_dict(parts["model"])
        self.best = parts["best"]
        self.optimizer.restore(parts["optimizer"])
        self.running[:] = snapshot.tensors["running"].numpy()
        facts = {k: v for k, v in snapshot.facts.items() if k != "epoch_start"}
        self.state = _State(**(facts | {"history": list(facts["history"])}))
        self.average.restore(parts["average"], self.state.step)

    def _mark_epoch_start(self) -> None:
        self.epoch_start = self._snapshot()
        if self.store:
            self.store.save_epoch(self.epoch_start)
        self.saved_at = time.monotonic()

    def _save_if_due(self) -> None:
        every = self.config.checkpoint_seconds
        if self.store and every and time.monotonic() - self.saved_at >= every:
            self.store.save_step(self._snapshot())
            self.saved_at = time.monotonic()

    def _roll_back(self) -> None:
        """Back to the start of the epoch with half the learning rate."""
        tries = self.state.rollbacks + 1
        if tries > MOST_ROLLBACKS or self.epoch_start is None:
            raise HeedfulError(
                f"the loss is not finite even at {0.5**MOST_ROLLBACKS:g} of the learning rate; "
                "set train.learning_rate lower or train.clip_norm=1"
            )
        at = f"epoch {self.state.epoch + 1}, after {self.state.batch} batches"
        self._restore(self.epoch_start)
        self.state.rollbacks = tries
        self._mark_epoch_start()
        if self.recorder:
            self.recorder.back(self.state.step, self._history())
        self.listener.say(
            f"the loss or the weights were not finite at {at}: back to the last good checkpoint "
            f"with {0.5**tries:g} of the learning rate"
        )

    def _restore_best(self) -> None:
        if self.best:
            self.network.load_state_dict(self.best)
        self.network.eval()
