#!/usr/bin/env python3
"""Write the checkpoints in Tests/CheckpointsTests/Fixtures with the original libraries.

needs: pip install torch==2.13.0 numpy safetensors
usage: make-checkpoint-fixtures.py FOLDER

Every array is described in `expected.json`: file -> name -> type, shape and the bytes in hexadecimal.
"""
import json
import os
import sys
import warnings
from collections import OrderedDict

import torch
from safetensors.torch import save_file

TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}


def describe(tensors):
    def one(tensor):
        dense = tensor.detach().contiguous()
        raw = bytes(dense.view(torch.uint8).flatten().tolist()) if dense.dim() else bytes(
            dense.reshape(1).view(torch.uint8).tolist())
        return {"type": TYPES[tensor.dtype], "shape": list(tensor.shape), "bytes": raw.hex()}
    return {name: one(tensor) for name, tensor in tensors.items()}


def training_state():
    """A small model as a training run saves it: in parallel, with optimizer and two schedules."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05)
    steps = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 3])
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    model(torch.randn(4, 3)).square().sum().backward()
    optimizer.step()
    state = OrderedDict(("module." + name, value) for name, value in model.state_dict().items())
    state._metadata = model.state_dict()._metadata
    return state, {
        "model": state, "optimizer": optimizer.state_dict(), "scheduler": steps.state_dict(),
        "plateau": plateau.state_dict(), "iteration": 7, "big": 2**80, "ids": {1, 2},
        "device": torch.device("cpu"), "type": torch.float16, "size": torch.Size([1, 2]),
        "nothing": None, "text": "é" * 200,
    }


def main(folder):
    torch.manual_seed(0)
    os.makedirs(folder, exist_ok=True)
    expected = {}

    def save(name, tensors, value, **options):
        torch.save(value, os.path.join(folder, name), **options)
        expected[name] = describe(tensors)

    types = OrderedDict((TYPES[t].lower(), (torch.arange(6) - 2).reshape(2, 3).to(t)) for t in TYPES)
    save("types.pth", types, types)
    save("types-protocol4.pth", types, {"state_dict": types}, pickle_protocol=4)

    state, checkpoint = training_state()
    save("training.pth", {n.removeprefix("module."): t for n, t in state.items()}, checkpoint)

    base = torch.arange(24.0)
    views = {
        "module.transposed": base.reshape(4, 6).t(),
        "module.slice": base[5:17].reshape(3, 4),
        "module.columns": base.reshape(4, 6)[:, 1:6:2],
        "module.permuted": base.reshape(2, 3, 4).permute(2, 0, 1),
        "module.expanded": base[3:4].expand(2, 5),
        "module.empty": base[:0].reshape(0, 3),
        "module.scalar": base[7],
        "plain": torch.nn.Parameter(torch.tensor([1.5, -2.0])),
    }
    save("views.pth", views, {"model": views, "iteration": 1})

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save({"model": types}, os.path.join(folder, "legacy.pth"), _use_new_zipfile_serialization=False)
        scripted = torch.jit.trace(torch.nn.Linear(2, 1), torch.zeros(1, 2))
        torch.jit.save(scripted, os.path.join(folder, "torchscript.pt"))
    torch.save(torch.nn.Linear(2, 1), os.path.join(folder, "module.pth"))

    save_file(dict(types), os.path.join(folder, "types.safetensors"), metadata={"é": 'a "b"\n', "format": "pt"})
    expected["types.safetensors"] = describe(types)
    small = {"a": torch.tensor([1.0, 2.0]), "b": torch.zeros(0, 4), "c": torch.tensor(3, dtype=torch.int64)}
    save_file(small, os.path.join(folder, "small.safetensors"))
    expected["small.safetensors"] = describe(small)

    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
