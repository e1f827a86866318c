"""Training pictures: a folder of photographs, their exact bicubic LR or noise, and patches."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.files import whole_file
from lutscale.golden.pictures.bicubic import crop_to_multiple, downscale
from lutscale.golden.pictures.folder import few, list_images
from lutscale.golden.pictures.image import read_rgb
from lutscale.golden.pictures.noise import noisy

__all__ = [
    "Pair",
    "Patches",
    "central_crop",
    "find_images",
    "load_grey",
    "load_pairs",
    "split",
]


@dataclass(frozen=True)
class Pair:
    """A photograph, cropped to a multiple of r, and its LR: uint8 (height, width, planes).

    To train a denoiser r is 1, the one plane is grey, and both are the clean picture.
    """

    name: str
    hr: npt.NDArray[np.uint8]
    lr: npt.NDArray[np.uint8]


def central_crop(pair: Pair, side: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The LR's middle, at most ``side`` x ``side``, and the same of the photograph."""
    r = pair.hr.shape[0] // pair.lr.shape[0]
    height, width = (min(side, n) for n in pair.lr.shape[:2])
    y, x = (pair.lr.shape[0] - height) // 2, (pair.lr.shape[1] - width) // 2
    lr = pair.lr[y : y + height, x : x + width]
    return lr, pair.hr[y * r : (y + height) * r, x * r : (x + width) * r]


def find_images(folder: Path) -> list[Path]:
    """All images below ``folder``, sorted; InputError when there are none."""
    return list_images(folder, below=True)


def split(paths: Sequence[Path], every: int = 20) -> tuple[list[Path], list[Path]]:
    """(training, validation): every ``every``-th file by name is held out, at least one."""
    if len(paths) < 2:
        raise InputError(f"a training folder must hold at least 2 images, not {len(paths)}")
    held = set(range(0, len(paths), every))
    return (
        [p for k, p in enumerate(paths) if k not in held],
        [p for k, p in enumerate(paths) if k in held],
    )


def load_pairs(paths: Sequence[Path], scale: int, cache: Path, smallest: int) -> list[Pair]:
    """Read photographs with their LR; both are kept in ``cache`` for the next time.

    Raises:
        InputError: no image has an LR of at least ``smallest`` on each side. Some smaller
            ones are left out, with a warning that names them.
    """
    pairs = []
    for path in tqdm(paths, desc=f"x{scale} images", unit="img", leave=False, disable=None):
        stamp = f"{path.resolve()} {path.stat().st_size} {path.stat().st_mtime_ns} x{scale}"
        kept = cache / f"{hashlib.sha256(stamp.encode()).hexdigest()[:24]}.npy"
        hr = crop_to_multiple(read_rgb(path), scale)
        if kept.exists():
            lr = np.load(kept, allow_pickle=False)
        else:
            lr = downscale(hr, scale)
            # Not to the file itself: on a full disk numpy's error does not say so.
            whole = io.BytesIO()
            np.save(whole, lr)
            with whole_file(kept) as part:
                part.write_bytes(whole.getbuffer())
        pairs.append(Pair(path.name, hr, lr))
    return _large_enough(pairs, paths, smallest, scale)


def load_grey(paths: Sequence[Path], smallest: int) -> list[Pair]:
    """Read photographs as grey pictures: full-range luma of BT.601, rounded.

    Raises:
        InputError: as `load_pairs`.
    """
    weights = np.array([299, 587, 114])
    pairs = []
    for path in tqdm(paths, desc="grey images", unit="img", leave=False, disable=None):
        thousandths = read_rgb(path) @ weights
        grey = ((thousandths + 500) // 1000).astype(np.uint8)[..., None]
        pairs.append(Pair(path.name, grey, grey))
    return _large_enough(pairs, paths, smallest, 1)


def _large_enough(
    pairs: Sequence[Pair], paths: Sequence[Path], smallest: int, scale: int
) -> list[Pair]:
    kept = [pair for pair in pairs if min(pair.lr.shape[:2]) >= smallest]
    least = smallest * scale
    if not kept:
        raise InputError(
            f"{paths[0].parent}: must hold images of at least {least}x{least} pixels, but all "
            f"{len(paths)} are smaller"
        )
    if small := [pair.name for pair in pairs if min(pair.lr.shape[:2]) < smallest]:
        warnings.warn(
            f"left out {len(small)} of {len(paths)} images, smaller than {least}x{least}: "
            f"{few(small)}",
            InputWarning,
            stacklevel=3,
        )
    return kept


class Patches:
    """Random patches, flipped and transposed, for ever: of one colour plane, or of all.

    Each plane of each photograph is drawn in proportion to its pixels. The photographs lie on
    the device, so that a batch is cut out there; the draw itself is the same on any device.

    Args:
        pairs: the photographs.
        patch: side of the LR patch.
        batch: patches in a batch.
        seed: of the draw.
        sigma: of the noise added to each LR patch.
        candidates: patches drawn for each one taken, the one with most detail: smooth ones
            teach little.
        device: where the batches are wanted.
        planes: of a patch: one colour, or all three.
        group: patches of one picture, all turned the same way, that come one after the other.

    Raises:
        InputError: a batch that groups do not fill, or candidates within groups.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        patch: int,
        batch: int,
        seed: int,
        sigma: float = 0,
        candidates: int = 1,
        device: torch.device | str = "cpu",
        *,
        planes: int = 1,
        group: int = 1,
    ) -> None:
        if batch % group:
            raise InputError(
                f"batch must be a multiple of the {group} patches of a picture, not {batch}"
            )
        if group > 1 and candidates > 1:
            raise InputError(
                f"candidates must be 1 where patches of a picture go together, not {candidates}"
            )
        self.pairs = [
            tuple(torch.from_numpy(side).to(device) for side in (pair.lr, pair.hr))
            for pair in pairs
        ]
        self.patch, self.batch, self.sigma = patch, batch, sigma
        self.candidates, self.planes, self.group = candidates, planes, group
        area = np.array([pair.lr.shape[0] * pair.lr.shape[1] for pair in pairs], float)
        self.share = area / area.sum()
        self.random = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """(LR, HR) float32 (batch, planes, side, side), pixels 0..255."""
        while True:
            drawn = [patch for k in self._picks() for patch in self._draw(int(k))]
            lr, hr = (torch.stack(side) for side in zip(*drawn, strict=True))
            if self.candidates > 1:
                best = _detail(lr).reshape(self.batch, -1).argmax(1).to(lr.device)
                best += torch.arange(self.batch, device=lr.device) * self.candidates
                lr, hr = lr[best], hr[best]
            yield lr.float(), hr.float()

    def _picks(self) -> npt.NDArray[np.int64]:
        return self.random.choice(
            len(self.pairs), self.batch * self.candidates // self.group, p=self.share
        )

    def _draw(self, k: int) -> list[tuple[Tensor, Tensor]]:
        """A group of patches (planes, side, side) of picture k."""
        (lr, hr), side = self.pairs[k], self.patch
        r = hr.shape[0] // lr.shape[0]
        drawn: list[tuple[Tensor, Tensor]] = []
        turn = 0
        for number in range(self.group):
            y = int(self.random.integers(lr.shape[0] - side + 1))
            x = int(self.random.integers(lr.shape[1] - side + 1))
            planes = slice(None)
            if self.planes == 1:
                plane = int(self.random.integers(hr.shape[2]))
                planes = slice(plane, plane + 1)
            if number == 0:
                turn = int(self.random.integers(8))
            low = lr[y : y + side, x : x + side, planes]
            high = hr[y * r : (y + side) * r, x * r : (x + side) * r, planes]
            if self.sigma:
                noise = noisy(low[..., 0].cpu().numpy(), self.sigma, self._seed())
                low = torch.from_numpy(noise).to(low.device)[..., None]
            drawn.append((_turn(low, turn), _turn(high, turn)))
        return drawn

    def _seed(self) -> int:
        return int(self.random.integers(1 << 62))


def _detail(patches: Tensor) -> Tensor:
    """(n,) mean step between neighbours in each of (n, planes, side, side) patches."""
    down, right = (torch.diff(patches.float(), dim=axis).abs().mean((1, 2, 3)) for axis in (2, 3))
    return down + right


def _turn(patch: Tensor, turn: int) -> Tensor:
    """One of the eight symmetries of a square: (planes, side, side) of (side, side, planes)."""
    turned = torch.rot90(patch.movedim(-1, 0), turn % 4, (1, 2))
    return turned.mT if turn >= 4 else turned
