"""Models to disk: safetensors with a JSON header, never pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import save as to_bytes

from kansym.programs.program import to_json
from kansym.shared.whole_files import write_bytes

if TYPE_CHECKING:
    from kansym.neural.models.kan import KAN
    from kansym.neural.models.mlp import MLP

__all__ = ["FORMAT", "VERSION", "kan_header", "save"]

FORMAT = "kansym-model"
VERSION = 1


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
    write_bytes(path, to_bytes(tensors, {"kansym": json.dumps(header)}), "the model")


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
