"""Models from disk: safetensors with a JSON header, never pickle."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from kansym.neural.models.kan import KAN, ConstantPlace, Width
from kansym.neural.models.mlp import MLP
from kansym.neural.models.saving import CHECKSUM, FORMAT, VERSION, checksum
from kansym.programs.program import from_json, validate
from kansym.shared.errors import InputError, ModelFileError
from kansym.shared.printable_text import shortened

__all__ = ["load", "refuse_pickle"]

_PICKLES = (".joblib", ".pickle", ".pkl", ".pt", ".pth")


def load(path: str | Path) -> KAN | MLP:
    """Read a model that its method ``save`` wrote, onto the CPU.

    Raises
    ------
    ModelFileError
        For a file that is absent, cut short, damaged, foreign, a pickle, or of a newer version.
    """
    path = Path(path)
    header, tensors = _read(path)
    try:
        _check_sizes(header, tensors)
        model = _empty_model(header, tensors)
        _check_shapes(header, tensors)
        for name in ("sample", "domain"):
            setattr(model, name, tensors[name])
        model.load_state_dict(tensors)
        _check_grids(model)
        model.seed = int(header["seed"])
        model.input_names = tuple(str(name) for name in header["input_names"])
        model.output_names = tuple(str(name) for name in header["output_names"])
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError, InputError) as error:
        raise ModelFileError(
            f"{path} is damaged: its header and its tensors do not belong together "
            f"({shortened(str(error), 300)}). Save the model again."
        ) from error
    return model


def _check_sizes(header: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """The numbers that a header promises must be in the file, before memory is taken for them."""
    numbers = sum(tensor.numel() for tensor in tensors.values())
    totals = [sum(w) if isinstance(w, list) else int(w) for w in header["widths"]]
    if len(totals) > len(tensors) + 1 or min(totals) < 0:
        raise ValueError(f"{len(totals)} widths for {len(tensors)} tensors")
    needed = sum(a * b for a, b in pairwise(totals))
    grids = max([int(grid) for grid in header.get("grids", [])], default=0)
    if needed + int(header.get("degree", 0)) + grids > numbers:
        raise ValueError(f"widths {shortened(str(totals))} for {numbers} numbers")


def _check_grids(model: KAN | MLP) -> None:
    """Every grid of a KAN must have a length."""
    if isinstance(model, KAN):
        for position, layer in enumerate(model.kan_layers):
            if not bool((layer.low < layer.high).all()):
                raise ValueError(f"layer {position} has an empty grid")


def _check_shapes(header: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Names, sample and domain must fit the number of inputs."""
    n_inputs = int(header["widths"][0])
    if len(header["input_names"]) != n_inputs:
        raise ValueError(f"{len(header['input_names'])} names for {n_inputs} inputs")
    if tensors["sample"].ndim != 2 or tensors["sample"].shape[1] != n_inputs:
        raise ValueError(f"a sample of shape {list(tensors['sample'].shape)}")
    if tensors["domain"].shape != (n_inputs, 2):
        raise ValueError(f"a domain of shape {list(tensors['domain'].shape)}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Header and tensors of a file, or an error that says what the file is instead."""
    if not path.is_file():
        found = (
            "is a folder" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        )
        raise ModelFileError(f"{path} {found}: give a file that kansym saved.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        refuse_pickle(path)
        raise ModelFileError(
            f"{path} is no whole safetensors file ({error}): it may have been cut short; copy or "
            "save it again."
        ) from error
    text = metadata.get("kansym", "")
    try:
        header = json.loads(text)
        known = header["format"] == FORMAT
    except (LookupError, RecursionError, TypeError, ValueError):
        known, header = False, {}
    if not known:
        raise ModelFileError(
            f"{path} is a safetensors file of another program: kansym opens files that "
            "model.save(path) wrote; build other models in torch and give them to kansym.extract."
        )
    if CHECKSUM in metadata and metadata[CHECKSUM] != checksum(text, tensors):
        raise ModelFileError(
            f"{path} is damaged, its numbers are not those that were saved: copy it again from "
            "where it came, or save the model again."
        )
    if header.get("version") != VERSION:
        version = shortened(repr(header.get("version")), 20)
        raise ModelFileError(
            f"{path} has format version {version}, this kansym reads {VERSION}: "
            "install the version that wrote it."
        )
    return header, tensors


def refuse_pickle(path: Path) -> None:
    """Say so if a file is a pickle or an archive of one, by its first bytes or its name."""
    with path.open("rb") as file:
        start = file.read(4)
    pickled = start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    if start == b"PK\x03\x04" or pickled or (start and path.suffix.lower() in _PICKLES):
        raise ModelFileError(
            f"{path} is a pickle or a PyTorch archive, which can run code when opened: read the "
            "numbers with torch.load(path, weights_only=True), load them into the model that you "
            "build, and give that to kansym.extract."
        )


def _empty_model(header: dict[str, Any], tensors: dict[str, Tensor]) -> KAN | MLP:
    """A model of the right shape for the tensors."""
    if header["kind"] not in ("KAN", "MLP"):
        raise ValueError(f"a model of the kind {header['kind']!r}")
    if header["kind"] == "MLP":
        dtype = tensors["0.weight"].dtype
        return MLP([int(n) for n in header["widths"]], activation=header["activation"], dtype=dtype)
    widths: list[Width] = [tuple(w) if isinstance(w, list) else int(w) for w in header["widths"]]
    dtype = tensors["layers.0.coef"].dtype
    model = KAN(widths, grid=1, degree=int(header["degree"]), dtype=dtype)
    grids, symbols = header["grids"], header["symbols"]
    for position, layer in enumerate(model.kan_layers):
        layer.grid = int(grids[position])
        layer.coef = torch.nn.Parameter(tensors[f"layers.{position}.coef"])
        if layer.coef.shape != (layer.n_out, layer.n_in, layer.grid + layer.degree):
            raise ValueError(f"layer {position} has coefficients of shape {list(layer.coef.shape)}")
        for key, program in symbols[position].items():
            target, source = (int(part) for part in key.split("_"))
            model.fix_edge(position, target, source, from_json(program))
    if "known_start" in header:
        _restore_start(model, header["known_start"])
    return model


def _restore_start(model: KAN, found: dict[str, Any]) -> None:
    """The expression of a known start, what it holds still, and where its constants are."""
    model.known_start = True
    model.expression = str(found.get("expression", ""))
    for name, at in found.get("unknown", {}).items():
        layer, target, source = (int(one) for one in at)
        _ = model.kan_layers[layer].kind[target, source]
        model.unknown_parts[str(name)] = (layer, target, source)
    for layer, held, free in zip(
        model.kan_layers, found["frozen_bias"], found["free"], strict=True
    ):
        layer.frozen_bias.copy_(torch.tensor([bool(one) for one in held]))
        for key, which in free.items():
            if len(which) != 4:
                raise ValueError(f"{len(which)} marks for the four constants of an edge")
            layer.symbols[key].free = tuple(bool(one) for one in which)  # pyright: ignore
    for name, (layer, target, source, slot, program) in found["constants"].items():
        place = ConstantPlace(
            int(layer), int(target), None if source is None else int(source), str(slot),
            validate(program, ("x",)),
        )  # fmt: skip
        model.known_constants[str(name)] = place
    _ = model.constants
