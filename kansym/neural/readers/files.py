"""Model files: which reader a path belongs to."""

from pathlib import Path

from torch import nn

from kansym.neural.models.loading import load
from kansym.neural.readers.opened import Readable

__all__ = ["load_model"]


def load_model(path: Path) -> nn.Module | Readable:
    """The model in a file: of kansym (safetensors), ONNX, or a checkpoint of pykan.

    A checkpoint of pykan is given by the beginning of its files' names, such as ``model/0.1`` for
    ``model/0.1_config.yml`` and ``model/0.1_state``.
    """
    if path.suffix.lower() == ".onnx":
        from kansym.neural.readers.onnx_files import load_onnx

        return load_onnx(path)
    checkpoint = str(path).removesuffix("_config.yml").removesuffix("_state")
    if Path(f"{checkpoint}_config.yml").is_file():
        from kansym.neural.readers.pykan_checkpoints import load_checkpoint

        return load_checkpoint(checkpoint)
    return load(path)
