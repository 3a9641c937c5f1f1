"""Text from files and tables made fit to print: no character acts, every character shows."""

import unicodedata

__all__ = ["printable", "shortened"]


def printable(text: str) -> str:
    r"""The text with control characters, marks of direction and halves of pairs replaced.

    Examples
    --------
    >>> printable("a\x00b\u202ec") == "a\ufffdb\ufffdc"
    True
    >>> printable("two\nlines")
    'two lines'
    """
    return "".join(_shown(letter) for letter in text)


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a text, with a mark if there is more of it.

    Examples
    --------
    >>> shortened("a" * 70, 5)
    'aaaaa…'
    """
    return text if len(text) <= most else f"{text[:most]}…"


def _shown(letter: str) -> str:
    if letter in "\n\r\t":
        return " "
    # Cc, Cf, Cs: controls, formats, surrogates; U+2061 is not among what names contain.
    return "\ufffd" if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co"} else letter
