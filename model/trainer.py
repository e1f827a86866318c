"""A run's state and its steps."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from lutscale.golden.errors import InputError
from lutscale.golden.model_file import AnyProgram
from lutscale.model.checkpoint import start_from
from lutscale.model.data import Pair, Patches
from lutscale.model.layers import TapTablesTwin
from lutscale.model.losses import LOSSES
from lutscale.model.muon import Muon, hidden_tables
from lutscale.model.processes import Processes
from lutscale.model.pruning import prune
from lutscale.model.recipe import Recipe
from lutscale.model.systems import build
from lutscale.model.teacher import load_teacher, turned_mean

__all__ = ["Trainer"]


class Trainer:
    """The state of a run: network, its average, optimiser, patches, history.

    Raises:
        InputError: processes that cannot share the batch, an unknown name, a start or an optimiser
            that does not suit it.
    """

    def __init__(
        self, name: str, recipe: Recipe, pairs: Sequence[Pair], compiled: bool | None = None
    ) -> None:
        self.processes = Processes.started(recipe.batch)
        torch.manual_seed(recipe.seed)
        self.name, self.recipe = name, recipe
        self.device = self.processes.device
        # Sums in TF32 are off by less than the rounding of a code. bfloat16 could not hold them.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.deterministic = True
        self.compiled = self.device.type == "cuda" if compiled is None else compiled
        self.network = build(name, recipe.options).to(self.device)
        for layer in self.network.modules():
            if isinstance(layer, TapTablesTwin):
                layer.gradients = getattr(torch, recipe.gradients)
        # The run that was started from, for the provenance.
        self.started = start_from(recipe.start, self.network) if recipe.start else {}
        if recipe.keep < 1:
            prune(self.network, recipe.keep)
        wrapped = self.processes.wrap(self.network)
        self.forward = torch.compile(wrapped) if self.compiled else wrapped
        self.averaged = copy.deepcopy(self.network).requires_grad_(False)
        self.optimisers = self._optimisers()
        self.patches = Patches(
            pairs,
            recipe.patch,
            recipe.batch,
            recipe.seed,
            self.network.task.sigma or 0,
            recipe.candidates,
            self.device,
            planes=self.network.planes,
            group=self.network.group,
        )
        self.stream = iter(self.patches)
        self.teacher = None
        if recipe.teacher:
            teacher = load_teacher(recipe.teacher, self.network, (recipe.batch, recipe.patch))
            self.teacher = teacher.to(self.device)
        self.step = 0
        self.seconds = 0.0
        self.best = -math.inf
        self.history: list[dict[str, float]] = []
        # Losses since the last check, so that a resumed run logs the same means.
        self.recent: list[float] = []

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """By their names in a checkpoint; InputError when the network has nothing for one."""
        found: dict[str, torch.optim.Optimizer] = {}
        if self.recipe.optimiser == "muon":
            found["muon"] = Muon(hidden_tables(self.network), self.recipe.rate)
        moved = {id(p) for other in found.values() for p in other.param_groups[0]["params"]}
        groups = [
            {"params": [p for p in learnt if id(p) not in moved], "factor": factor}
            for learnt, factor in self.network.rates()
        ]
        found["optimiser"] = torch.optim.Adam(groups, lr=self.recipe.rate, betas=(0.9, 0.99))
        return found

    def advance(self) -> float:
        """One optimiser step; its loss, in the unit of `model.losses`."""
        if self.step == round(self.recipe.steps * (1 - self.recipe.tables)):
            for network in (self.network, self.averaged):
                network.to_tables()
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = self.recipe.rate_at(self.step) * group.get("factor", 1.0)
        if self.recipe.late_patch and self.step >= self.recipe.steps * 3 // 4:
            self.patches.patch = self.recipe.late_patch
        lr, hr = map(self.processes.share, next(self.stream))
        result = self.forward(lr)
        distance = LOSSES[self.recipe.loss]
        loss = distance(result, hr)
        if self.teacher is not None:
            with torch.no_grad():
                turns = self.recipe.teacher_turns
                taught = turned_mean(self.teacher, lr) if turns else self.teacher(lr)
            share = self.recipe.distil
            loss = (1 - share) * loss + share * distance(result, taught)
        penalty = self.network.penalty(self.teacher)
        if penalty is not None:
            loss = loss + penalty
        value = self.processes.mean(float(loss.detach()))
        if not math.isfinite(value):
            raise self._diverged("loss", value)
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self.network.parameters(), 100.0))
        if not math.isfinite(norm):
            raise self._diverged("gradient", norm)
        for optimiser in self.optimisers.values():
            optimiser.step()
        self.network.project()
        self.step += 1
        self._average()
        self.recent.append(value)
        return value

    def _diverged(self, what: str, value: object) -> InputError:
        return InputError(
            f"{what} must stay finite, not {value} at step {self.step}: lower --rate "
            f"(the last good checkpoint is kept)"
        )

    def export(self, provenance: Mapping[str, Any]) -> AnyProgram:
        """The program of the averaged network; InputError when its weights have run away."""
        try:
            with np.errstate(all="raise"):
                self.averaged.project()
                return self.averaged.export(self.name, provenance)
        except (ValueError, FloatingPointError) as error:
            raise self._diverged("weights", f"so large ({error})") from None

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.recipe.average, self.step / (self.step + 10))
        for kept, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)
        # Statistics and counts are no weights.
        buffers = zip(self.averaged.buffers(), self.network.buffers(), strict=True)
        for statistic, seen in buffers:
            statistic.copy_(seen)

    def close(self) -> None:
        """Leave the other processes, when all is done. No step can follow."""
        # What averages gradients goes before its group. As the last that holds the group, it would
        # end it with the interpreter locked, and wait for ever for a thread that needs the lock.
        del self.forward
        self.processes.close()

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "name": self.name,
            "recipe": asdict(self.recipe),
            "started": self.started,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            **{name: one.state_dict() for name, one in self.optimisers.items()},
            "patches": json.dumps(self.patches.random.bit_generator.state),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "history": self.history,
            "recent": self.recent,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; InputError when it belongs to another run."""
        # A checkpoint from before a field of the recipe was added has its default.
        recipe = {**asdict(Recipe()), **state["recipe"]}
        for key, found, mine in (
            ("name", state["name"], self.name),
            ("recipe", recipe, asdict(self.recipe)),
        ):
            if found != mine:
                raise InputError(f"checkpoint {key} must be {mine}, not {found}")
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state[name])
        self.patches.random.bit_generator.state = json.loads(state["patches"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.best, self.history = state["best"], list(state["history"])
        self.recent = list(state.get("recent", ()))
