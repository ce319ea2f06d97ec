"""Reads the stamp that rearview-camera draws with scene.time_code (camera/source/time_code.h)."""

import time

BITS, MARGIN_PX, ABOVE_EDGE_PX, UNITS_PER_S = 40, 20, 36, 10_000


def age_ms(picture, at_s=None):
    """Milliseconds from when the picture was drawn on this machine to at_s of time.monotonic(), else now.

    None when the stamp can't be read.
    """
    now = int((time.monotonic() if at_s is None else at_s) * UNITS_PER_S)
    height, width = picture.shape[:2]
    side = (width - 2 * MARGIN_PX) // BITS
    row = picture[height - ABOVE_EDGE_PX + side // 2, :, 1]
    code = 0
    for bit in range(BITS):
        code = code << 1 | int(row[MARGIN_PX + bit * side + side // 2] > 127)
    units, total = code >> 8, code & 255
    if sum(units.to_bytes(4, "big")) & 255 != total:
        return None
    return ((now - units) & 0xFFFFFFFF) / UNITS_PER_S * 1000
