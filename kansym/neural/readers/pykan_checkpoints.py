"""Checkpoints of pykan, read without pykan: the configuration (YAML) and the tensors."""

import pickle
from pathlib import Path
from typing import Any

import torch

from kansym.neural.readers.kan_layers import as_numpy
from kansym.neural.readers.opened import Opened, Readable, ReadRows
from kansym.neural.readers.pykan_models import PykanModel, read_pykan
from kansym.shared.errors import ModelFileError, require

__all__ = ["load_checkpoint"]


class _Checkpoint(Readable):
    """A checkpoint that has been read."""

    def __init__(self, model: PykanModel, precision: float):
        self.model = model
        self.precision = precision

    def open(self, reading: ReadRows) -> Opened:
        """The model as stages."""
        stage = read_pykan(self.model, reading.inputs)
        parts = ("coef", "scale_base", "scale_sp", "affine", "bias", "scale")
        numbers = [
            tensor for name, tensor in self.model.state.items() if any(p in name for p in parts)
        ]
        name = f"pykan KAN {[list(pair) for pair in self.model.width]}"
        return Opened.of(stage, name, numbers, self.precision)


def load_checkpoint(path: str) -> Readable:
    """A checkpoint from ``<path>_config.yml`` and ``<path>_state``.

    The tensors are read with ``torch.load(weights_only=True)``, which runs no code of the file;
    ``<path>_cache_data`` is not needed.
    """
    config = _config(Path(f"{path}_config.yml"))
    state_path = Path(f"{path}_state")
    if not state_path.is_file():
        raise ModelFileError(
            f"{state_path} does not exist: a checkpoint of pykan needs it beside the configuration."
        )
    try:
        state = torch.load(state_path, map_location="cpu", weights_only=True)
        arrays = {name: as_numpy(tensor) for name, tensor in state.items()}
    except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError, ValueError) as error:
        raise ModelFileError(
            f"{state_path} is no file of tensors that can be read safely "
            f"({type(error).__name__}): save the checkpoint again with model.saveckpt."
        ) from error
    depth = len(config["width"]) - 1
    try:
        degrees = config["k"] if isinstance(config["k"], list) else [config["k"]] * depth
        model = PykanModel(
            width=tuple(_pair(width) for width in config["width"]),
            arity=config["mult_arity"],
            degrees=tuple(int(k) for k in degrees),
            base=config["base_fun_name"],
            symbolic=bool(config["symbolic_enabled"]),
            names=tuple(config[f"symbolic.funs_name.{layer}"] for layer in range(depth)),
            state=arrays,
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _foreign(Path(f"{path}_config.yml"), error) from error
    precision = max(torch.finfo(tensor.dtype).eps for tensor in state.values())
    return _Checkpoint(model, precision)


def _pair(width: Any) -> tuple[int, int]:
    """Sum nodes and product nodes of a layer."""
    return (int(width[0]), int(width[1])) if isinstance(width, list) else (int(width), 0)


def _config(path: Path) -> dict[str, Any]:
    """The configuration, by YAML's safe loader."""
    yaml = require("yaml", "pykan")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _foreign(path, error) from error
    if not isinstance(config, dict) or "width" not in config:
        raise _foreign(path, "no width")
    return config


def _foreign(path: Path, reason: object) -> ModelFileError:
    return ModelFileError(
        f"{path} is no configuration of a pykan model ({reason}): give the files that "
        "model.saveckpt wrote."
    )
