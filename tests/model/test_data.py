"""Training pictures: what is found, held out and cached, and what a patch is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from lutscale.golden.errors import InputError, InputWarning
from lutscale.golden.pictures.bicubic import downscale
from lutscale.golden.pictures.image import read_rgb, sample_photo, write_png
from lutscale.model.data import Pair, Patches, find_images, load_grey, load_pairs, split


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder with three photographs of different sizes, one in a folder below."""
    folder = tmp_path / "photos"
    for k, (name, height, width) in enumerate(
        [("b.png", 40, 61), ("a.png", 50, 43), ("below/c.png", 64, 64)]
    ):
        write_png(folder / name, sample_photo("coffee")[50 * k : 50 * k + height, 90 : 90 + width])
    return folder


def test_images_are_found_below_and_sorted(photographs: Path) -> None:
    (photographs / "notes.txt").write_text("no image")
    (photographs / "D.JPG").write_bytes(b"by its name")
    with pytest.warns(InputWarning, match="skipped, as no images: notes.txt$"):
        found = find_images(photographs)
    names = [str(path.relative_to(photographs)) for path in found]
    assert names == ["D.JPG", "a.png", "b.png", "below/c.png"]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none: must be a folder of images, but there is no such"):
        find_images(tmp_path / "none")


def test_a_file_is_no_folder(photographs: Path) -> None:
    with pytest.raises(InputError, match="must be a folder of images"):
        find_images(photographs / "a.png")


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=r"must hold images .*, but holds none"):
        find_images(tmp_path)


@pytest.mark.parametrize(("count", "held"), [(2, 1), (20, 1), (21, 2), (800, 40)])
def test_split_holds_out_every_twentieth(count: int, held: int) -> None:
    paths = [Path(f"{k:04}.png") for k in range(count)]
    fit, kept_back = split(paths)
    assert len(kept_back) == held
    assert sorted(fit + kept_back) == paths
    assert not set(fit) & set(kept_back)
    assert split(paths) == (fit, kept_back)


def test_split_wants_two() -> None:
    with pytest.raises(InputError, match="must hold at least 2 images, not 1"):
        split([Path("a.png")])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_pairs_are_cropped_and_exactly_downscaled(
    photographs: Path, tmp_path: Path, scale: int
) -> None:
    paths = find_images(photographs)
    pairs = load_pairs(paths, scale, tmp_path / "cache", 8)
    assert [pair.name for pair in pairs] == ["a.png", "b.png", "c.png"]
    for pair in pairs:
        assert pair.hr.dtype == pair.lr.dtype == np.uint8
        assert pair.hr.shape[:2] == tuple(n * scale for n in pair.lr.shape[:2])
        np.testing.assert_array_equal(pair.lr, downscale(pair.hr, scale))
    again = load_pairs(paths, scale, tmp_path / "cache", 8)
    for first, second in zip(pairs, again, strict=True):
        np.testing.assert_array_equal(first.lr, second.lr)
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_the_cache_is_read_but_not_for_changed_photographs(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, cache = find_images(photographs), tmp_path / "cache"
    load_pairs(paths, 2, cache, 8)
    made = []

    def counted(*args: object) -> object:
        made.append(args)
        return downscale(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("lutscale.model.data.downscale", counted)
    load_pairs(paths, 2, cache, 8)
    assert not made
    write_png(paths[0], sample_photo("astronaut")[:40, :40])
    load_pairs(paths, 2, cache, 8)
    assert len(made) == 1


def test_small_images_are_left_out_and_named(photographs: Path, tmp_path: Path) -> None:
    with pytest.warns(InputWarning) as caught:
        pairs = load_pairs(find_images(photographs), 2, tmp_path / "cache", 21)
    assert [pair.name for pair in pairs] == ["a.png", "c.png"]
    says = "left out 1 of 3 images, smaller than 42x42: b.png"
    assert [str(warning.message) for warning in caught] == [says]


def test_only_small_images(photographs: Path, tmp_path: Path) -> None:
    text = "must hold images of at least 160x160 pixels, but all 3 are smaller"
    with pytest.raises(InputError, match=text):
        load_pairs(find_images(photographs), 4, tmp_path / "cache", 40)


def test_grey_pictures_are_their_luma(photographs: Path) -> None:
    paths = find_images(photographs)
    pairs = load_grey(paths, 8)
    assert [pair.name for pair in pairs] == ["a.png", "b.png", "c.png"]
    for path, pair in zip(paths, pairs, strict=True):
        red, green, blue = np.moveaxis(read_rgb(path).astype(float), -1, 0)
        expected = np.floor(0.299 * red + 0.587 * green + 0.114 * blue + 0.5 + 1e-9)
        assert pair.hr.dtype == np.uint8
        np.testing.assert_array_equal(pair.hr[..., 0], expected)
        np.testing.assert_array_equal(pair.lr, pair.hr)


def test_only_small_grey_pictures(photographs: Path) -> None:
    text = "must hold images of at least 70x70 pixels, but all 3 are smaller"
    with pytest.raises(InputError, match=text):
        load_grey(find_images(photographs), 70)


# ---------------------------------------------------------------- patches


def numbered(scale: int) -> Pair:
    """A pair whose HR pixels say which LR pixel they lie on."""
    lr = np.arange(6 * 7 * 3, dtype=np.uint8).reshape(6, 7, 3)
    return Pair("p", lr.repeat(scale, axis=0).repeat(scale, axis=1), lr)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_lr_and_hr_are_cut_and_turned_alike(scale: int) -> None:
    stream = iter(Patches([numbered(scale)], 4, 8, seed=1))
    for _ in range(10):
        lr, hr = next(stream)
        assert lr.shape == (8, 1, 4, 4)
        assert hr.shape == (8, 1, 4 * scale, 4 * scale)
        assert lr.dtype == hr.dtype == torch.float32
        spread = lr.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
        assert torch.equal(spread, hr)


def test_patches_reach_every_plane_place_and_symmetry() -> None:
    stream = iter(Patches([numbered(2)], 5, 16, seed=1))
    seen = {tuple(patch.flatten().tolist()) for _ in range(200) for patch in next(stream)[0]}
    assert len(seen) == 2 * 3 * 3 * 8


def test_a_patch_as_large_as_its_picture() -> None:
    pair = Pair("p", np.zeros((8, 8, 3), np.uint8), np.zeros((4, 4, 3), np.uint8))
    lr, _ = next(iter(Patches([pair], 4, 2, seed=1)))
    assert lr.shape == (2, 1, 4, 4)


def test_large_pictures_are_drawn_more_often() -> None:
    pairs = [
        Pair("s", np.zeros((16, 16, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)),
        Pair("l", np.full((48, 48, 3), 1, np.uint8), np.full((24, 24, 3), 1, np.uint8)),
    ]
    stream = iter(Patches(pairs, 4, 1000, seed=1))
    share = float(next(stream)[0].mean(dim=(1, 2, 3)).mean())
    assert share == pytest.approx(0.9, abs=0.04)


def test_candidates_with_more_detail_are_taken() -> None:
    rough = np.random.default_rng(1).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    pairs = [Pair("rough", rough, rough), Pair("flat", rough // 16, rough // 16)]
    shares = []
    for candidates in (1, 3):
        lr, hr = next(iter(Patches(pairs, 4, 500, seed=1, candidates=candidates)))
        assert torch.equal(lr, hr)
        assert lr.shape == (500, 1, 4, 4)
        shares.append(float((lr.amax(dim=(1, 2, 3)) > 16).float().mean()))
    # With three, all are flat in one case of eight.
    assert shares == pytest.approx([0.5, 0.875], abs=0.06)


def test_the_draw_depends_on_the_seed_and_goes_on_from_its_state() -> None:
    first, same, other = (Patches([numbered(2)], 4, 3, seed) for seed in (1, 1, 2))
    streams = [iter(patches) for patches in (first, same, other)]
    drawn = [next(stream)[0] for stream in streams]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    other.random.bit_generator.state = first.random.bit_generator.state
    assert torch.equal(next(streams[0])[0], next(streams[2])[0])


def test_noise_is_added_to_what_the_network_reads_only() -> None:
    flat = np.full((40, 40, 1), 100, np.uint8)
    pair = Pair("p", flat, flat)
    stream = iter(Patches([pair], 32, 8, seed=1, sigma=25))
    batches = [next(stream) for _ in range(2)]
    for noisy, clean in batches:
        assert (clean == 100).all()
        assert noisy.shape == (8, 1, 32, 32)
        assert float(noisy.mean()) == pytest.approx(100, abs=1.5)
        assert float(noisy.std()) == pytest.approx(25, abs=1)
        assert torch.equal(noisy, noisy.round())
    # Fresh noise for every patch.
    patches = torch.cat([noisy for noisy, _ in batches])
    assert len({tuple(patch.flatten().tolist()) for patch in patches}) == 16
    again = next(iter(Patches([pair], 32, 8, seed=1, sigma=25)))
    assert torch.equal(again[0], batches[0][0])
