"""Training by several processes, as torchrun starts them: each takes its share of every batch."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lutscale.golden.errors import InputError

__all__ = ["Processes"]


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is.

    All draw the same patches, so that a batch is the same however many share it, and a run can go
    on with more or fewer. The first one validates and writes.

    Attributes:
        rank: 0 and up.
        count: of all; 1 when torchrun did not start them.
    """

    rank: int = 0
    count: int = 1

    @classmethod
    def started(cls, batch: int) -> Processes:
        """Those that torchrun has started, connected (by NCCL on CUDA devices, else by gloo).

        Raises:
            InputError: they cannot share a batch equally.
        """
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if batch % count:
            raise InputError(f"batch must be a multiple of the {count} processes, not {batch}")
        if count == 1:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        return cls(dist.get_rank(), count)

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """Where this process computes: a CUDA device of its own, or the CPU."""
        if not torch.cuda.is_available():
            return torch.device("cpu")
        if self.count == 1:
            return torch.device("cuda")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def wrap(self, network: nn.Module) -> nn.Module:
        """``network`` with its gradients averaged over the processes."""
        if self.count == 1:
            return network
        # While tables are enumerated from networks, their own entries have no gradient.
        return DistributedDataParallel(network, find_unused_parameters=True)

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch."""
        return batch[self.rank :: self.count]

    def mean(self, number: float) -> float:
        """The mean of a number that each process has."""
        if self.count == 1:
            return number
        total = torch.tensor([number], dtype=torch.float64)
        if dist.get_backend() == "nccl":
            total = total.float().to(self.device)
        dist.all_reduce(total)
        return float(total) / self.count

    def close(self) -> None:
        """Leave the group, when all is done."""
        if self.count > 1 and dist.is_initialized():
            # One that left while the first still validates would keep it waiting for ever.
            dist.barrier()
            dist.destroy_process_group()
