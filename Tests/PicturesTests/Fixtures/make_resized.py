"""Makes small_bilinear.safetensors beside this file. Needs Pillow and NumPy."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

sizes = {
    (1, 1): [(1, 1), (5, 3), (1, 7)],
    (1, 9): [(1, 4), (3, 20), (1, 1)],
    (13, 1): [(5, 1), (40, 2)],
    (31, 17): [(1, 1), (30, 17), (31, 16), (62, 34), (7, 51), (2, 2), (97, 3)],
    (64, 48): [(21, 16), (63, 49), (100, 75)],
}
random = np.random.default_rng(1)
arrays = {}
for (width, height), targets in sizes.items():
    source = random.integers(0, 256, (height, width, 3), np.uint8)
    source[: height // 2, : width // 2] = np.where(source[: height // 2, : width // 2] > 127, 255, 0)
    arrays[f"s{width}x{height}"] = source
    for target in targets:
        resized = Image.fromarray(source).resize(target, Image.Resampling.BILINEAR)
        arrays[f"s{width}x{height}_r{target[0]}x{target[1]}"] = np.array(resized)

header, offset = {}, 0
for name, array in arrays.items():
    header[name] = {"dtype": "U8", "shape": array.shape, "data_offsets": [offset, offset + array.size]}
    offset += array.size
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
body = b"".join(array.tobytes() for array in arrays.values())
(Path(__file__).parent / "small_bilinear.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)
