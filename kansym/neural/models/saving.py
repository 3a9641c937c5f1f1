"""Models to disk: safetensors with a JSON header, never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from kansym.programs.program import to_json
from kansym.shared.whole_files import write_bytes

if TYPE_CHECKING:
    from kansym.neural.models.kan import KAN
    from kansym.neural.models.mlp import MLP

__all__ = ["CHECKSUM", "FORMAT", "VERSION", "checksum", "kan_header", "save"]

FORMAT = "kansym-model"
VERSION = 1
CHECKSUM = "sha256"
"""Name of the checksum beside the header; files of earlier versions have none."""


def save(model: KAN | MLP, header: dict[str, Any], path: str | Path) -> None:
    """Write a model to a safetensors file; the file appears whole or not at all.

    Parameters
    ----------
    model : with its names, domain and sample.
    header : its kind and shape, what `kansym.load` builds it from.
    path : usually ending in ``.safetensors``.
    """
    header |= {
        "format": FORMAT,
        "version": VERSION,
        "seed": int(model.seed),
        "input_names": model.input_names,
        "output_names": model.output_names,
    }
    tensors = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    text = json.dumps(header)
    metadata = {"kansym": text, CHECKSUM: checksum(text, tensors)}
    write_bytes(path, to_bytes(tensors, metadata), "the model")


def checksum(header: str, tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of a model's header and of its tensors, by name, type, shape and numbers.

    Examples
    --------
    >>> checksum("", {})[:8]
    'e3b0c442'
    """
    found = hashlib.sha256(header.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def kan_header(model: KAN) -> dict[str, Any]:
    """Shape of a KAN, and its fixed functions as data."""
    header: dict[str, Any] = {
        "kind": "KAN",
        "widths": model.widths,
        "degree": model.degree,
        "grids": [layer.grid for layer in model.kan_layers],
        "symbols": [
            {key: to_json(edge.program) for key, edge in layer.symbols.items()}  # pyright: ignore
            for layer in model.kan_layers
        ],
    }
    if model.known_start:
        header["known_start"] = {
            "expression": model.expression,
            "unknown": model.unknown_parts,
            "constants": {
                name: [place.layer, place.target, place.source, place.slot, to_json(place.program)]
                for name, place in model.known_constants.items()
            },
            "frozen_bias": [layer.frozen_bias.tolist() for layer in model.kan_layers],
            "free": [
                {key: edge.free for key, edge in layer.symbols.items()}
                for layer in model.kan_layers
            ],
        }
    return header
