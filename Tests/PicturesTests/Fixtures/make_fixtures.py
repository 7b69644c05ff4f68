"""Makes the pictures beside this file. Needs Pillow and NumPy."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

here = Path(__file__).parent
W, H = 37, 23


def scene(width=W, height=H):
    """Gradients with hard edges: differs at every corner and in every channel."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    r = 255 * x / (width - 1)
    g = 255 * y / (height - 1)
    b = 127 + 127 * np.sin((x + 2 * y) / 5)
    picture = np.stack([r, g, b], -1)
    picture[3:9, 4:15] = (250, 20, 40)
    picture[height - 7 : height - 2, width - 12 : width - 3] = (10, 60, 230)
    return picture.round().astype(np.uint8)


def save(picture, name, **options):
    picture.save(here / name, **options)
    with Image.open(here / name) as saved:
        pixels = ImageOps.exif_transpose(saved).convert("RGB")
        (here / f"{name}.rgb").write_bytes(pixels.tobytes())


rgb = Image.fromarray(scene())
alpha = np.tile(np.linspace(0, 255, W).astype(np.uint8), (H, 1))
rgba = Image.fromarray(np.dstack([scene(), alpha]))
gray = rgb.convert("L")
palette = rgb.quantize(32, dither=Image.Dither.NONE)

save(rgb, "rgb.png")
save(rgba, "rgba.png")
save(gray, "gray.png")
save(palette, "palette.png", bits=8)
save(rgb.quantize(4), "palette-2bit.png", bits=2)
save(palette, "palette-alpha.png", transparency=bytes(range(0, 256, 8)))
save(gray.convert("1"), "bilevel.png")
save(Image.fromarray(np.dstack([np.array(gray), alpha]), "LA"), "gray-alpha.png")

save(rgb, "420.jpg", quality=80)
save(rgb, "444.jpg", quality=90, subsampling=0)
save(rgb, "progressive.jpg", quality=70, progressive=True)
save(gray, "gray.jpg", quality=80)
save(rgb.convert("CMYK"), "cmyk.jpg", quality=95)

# The same bytes taken for YCCK: the last byte of the Adobe segment names the transform.
ycck = bytearray((here / "cmyk.jpg").read_bytes())
ycck[ycck.index(b"Adobe") + 11] = 2
(here / "ycck.jpg").write_bytes(ycck)
(here / "ycck.jpg.rgb").write_bytes(Image.open(here / "ycck.jpg").convert("RGB").tobytes())

save(rgb, "lossy.webp", quality=70)
save(rgb, "lossless.webp", lossless=True)
save(rgba, "alpha.webp", lossless=True, exact=True)
save(rgba, "lossy-alpha.webp", quality=70)

save(rgb, "animated.webp", save_all=True, append_images=[rgb.rotate(180)], lossless=True, duration=40)

save(rgb, "rgb.tiff")
save(rgb, "lzw.tiff", compression="tiff_lzw")
save(rgb, "deflate.tiff", compression="tiff_deflate")
save(rgb, "jpeg.tiff", compression="jpeg", quality=90)
save(gray, "gray.tiff")
save(palette, "palette.tiff")
save(rgba, "rgba.tiff")
save(rgb.convert("CMYK"), "cmyk.tiff")
save(rgb, "pages.tiff", save_all=True, append_images=[gray, gray])

save(palette, "palette.gif")
save(palette, "interlaced.gif", interlace=True)
save(palette, "transparent.gif", transparency=5)
save(palette, "animated.gif", save_all=True, append_images=[gray.convert("P"), palette], duration=40)

save(rgb, "rgb.bmp")
save(gray, "gray.bmp")
save(palette, "palette.bmp")
save(rgba, "rgba.bmp")
save(gray.convert("1"), "bilevel.bmp")

# Eight orientations of one scene, each stored so that applying EXIF tag 274 gives the scene back.
undo = {
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}
for tag in range(1, 9):
    stored = rgb
    for step in undo.get(tag, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[274] = tag
    save(stored, f"orientation-{tag}.jpg", quality=95, subsampling=0, exif=exif)
    stored.save(here / f"orientation-{tag}.png", exif=exif)
    stored.save(here / f"orientation-{tag}.webp", lossless=True, exif=exif)
    stored.save(here / f"orientation-{tag}.tiff", tiffinfo={274: tag})

# 16 bits a channel: Pillow writes gray only, so the colour one is put together by hand.
deep = scene().astype(np.uint16) * 256 + 77
Image.fromarray(deep[:, :, 0]).save(here / "gray16.png")
(here / "gray16.png.rgb").write_bytes(np.repeat(scene()[:, :, :1], 3, 2).tobytes())


def png(rows, header):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9))
            + chunk(b"IEND", b""))


size = W.to_bytes(4, "big") + H.to_bytes(4, "big")
(here / "rgb16.png").write_bytes(png([row.astype(">u2").tobytes() for row in deep], size + bytes([16, 2, 0, 0, 0])))
(here / "rgb16.png.rgb").write_bytes(scene().tobytes())

# Interlaced: seven passes, each a sparse picture of its own.
steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
passes = [scene()[y::dy, x::dx] for y, x, dy, dx in steps]
rows = [row.tobytes() for sparse in passes for row in sparse if row.size]
(here / "interlaced.png").write_bytes(png(rows, size + bytes([8, 2, 0, 0, 1])))
(here / "interlaced.png.rgb").write_bytes(scene().tobytes())

# A broken one: its compressed data is sound, but ends after 11 of 23 rows.
rows = [row.tobytes() for row in scene()[:11]]
(here / "short.png.broken").write_bytes(png(rows, size + bytes([8, 2, 0, 0, 0])))
