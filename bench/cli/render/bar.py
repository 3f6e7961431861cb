"""Bar: a share as a row of blocks, an eighth of a letter fine; of signs where an encoding has no blocks."""

BLOCKS = " \u258f\u258e\u258d\u258c\u258b\u258a\u2589\u2588"  # nothing, one eighth, and so on to the whole
_EIGHTHS = len(BLOCKS) - 1


def bar(share: float, width: int, *, blocks: bool = True) -> str:
    """The share of `width` letters, cut at both ends of 0 to 1, without what is empty behind it."""
    eighths = round(min(max(share, 0.0), 1.0) * width * _EIGHTHS)
    if not blocks:
        return "#" * round(eighths / _EIGHTHS)
    return (BLOCKS[-1] * (eighths // _EIGHTHS) + BLOCKS[eighths % _EIGHTHS]).rstrip()


def has_blocks(encoding: str) -> bool:
    """Whether the encoding of a stream has them."""
    try:
        BLOCKS.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
