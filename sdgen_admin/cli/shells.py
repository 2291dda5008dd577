"""The shells that ask for completion: how each says what was typed, and how it wants to be told what may follow.

The scripts that `--install-completion` gives them are Typer's. Each asks by starting the program with a variable set.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping

from sdgen_admin.cli.completion import Offer, offers

INSTRUCTION = "_SDGEN_ADMIN_COMPLETE"
"""The variable that names the shell, as `complete_zsh`."""
_END = "\uffff"
"""Marks the end of what was typed, so that the last word is always the unfinished one."""
_BASH_BREAKS = "=:@"
"""Characters at which bash takes a word apart, though it is one word to the shell."""
_QUOTES = ("'", '"')


def is_asked() -> bool:
    """Whether this process was started by a shell that wants to complete a line."""
    shell = os.environ.get(INSTRUCTION, "").removeprefix("complete_")
    return shell in SHELLS


def answer() -> None:
    """Answer the shell and exit."""
    shell = os.environ[INSTRUCTION].removeprefix("complete_")
    text, status = SHELLS[shell](os.environ)
    if sys.stdout is not None:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    sys.exit(status)


def bash(environment: Mapping[str, str]) -> tuple[str, int]:
    """Answer bash: a line for each word, quoted as it is to stand on the command line.

    Bash puts what all words begin with in the place of what was typed. If they do not begin like that, a blank among
    them makes bash leave it as it is.
    """
    typed = environment.get("COMP_WORDS", "").split("\n")[: int(environment.get("COMP_CWORD", "0")) + 1]
    groups = _rejoined(typed)
    *words, part = _split("\n".join("".join(pieces) for pieces in groups) + _END)
    found = offers(words[1:], part)
    last = groups[-1]
    quote = last[-1][:1] if last[-1][:1] in _QUOTES else ""
    kept = "".join(last if _is_break(last[-1]) else last[:-1]).removesuffix("@")
    start = len("".join(_split(kept)))  # bash replaces what comes behind a break, or from an @ on
    lines = [_bash_quoted(offer.word[start:], quote) for offer in found if offer.word.startswith(part[:start])]
    if len(lines) > 1 and not all(offer.word.startswith(part) for offer in found):
        lines.append(" ")
    return "".join(f"{line}\n" for line in lines), 0


def zsh(environment: Mapping[str, str]) -> tuple[str, int]:
    """Answer zsh: a command to evaluate, on one line and without blanks that count. Zsh quotes words itself."""
    *words, part = _split(environment.get("_TYPER_COMPLETE_ARGS", "") + _END)
    found = offers(words[1:], part)
    if not found:
        return "_files\n", 0
    described = " ".join(_zsh_described(offer) for offer in found)
    command = f"local -a offers; offers=({described}); _describe -V '' offers -U"
    if len(found) > 1 and not all(offer.word.startswith(part) for offer in found):
        command += "; compstate[insert]= compstate[list]='list force'"  # what was typed stays
    return f"{command}\n", 0


def fish(environment: Mapping[str, str]) -> tuple[str, int]:
    """Answer fish: a line for each word, with its help behind a tab. Fish quotes words itself."""
    *words, part = _split(environment.get("_TYPER_COMPLETE_ARGS", "") + _END)
    found = offers(words[1:], part)
    if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return "", int(not found)  # whether there is anything to offer but files
    return "".join(f"{offer.word}\t{offer.help}\n" if offer.help else f"{offer.word}\n" for offer in found), 0


def powershell(environment: Mapping[str, str]) -> tuple[str, int]:
    """Answer PowerShell: a line for each word, with its help behind three colons."""
    part = environment.get("_TYPER_COMPLETE_WORD_TO_COMPLETE", "")
    words = _split(environment.get("_TYPER_COMPLETE_ARGS", ""))
    found = offers(words[1:-1] if part else words[1:], part)
    return "".join(f"{_powershell_quoted(offer.word)}:::{offer.help or ' '}\n" for offer in found), 0


SHELLS: Mapping[str, Callable[[Mapping[str, str]], tuple[str, int]]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
    "powershell": powershell,
    "pwsh": powershell,
}
"""What each shell is told, and with which exit status."""


def _split(text: str) -> list[str]:
    """Return the words of a line as a shell would, the last one also if a quote in it is still open."""
    from shlex import shlex

    lexer = shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # a quote is open
        words.append(lexer.token)
    return [word.removesuffix(_END) for word in words]


def _rejoined(typed: list[str]) -> list[list[str]]:
    """Return each word with the pieces that bash has taken it apart into: `--tag`, `=` and `red` are `--tag=red`."""
    words: list[list[str]] = []
    for number, piece in enumerate(typed):
        ends_option = bool(words) and words[-1][0].startswith("-") and len(words[-1]) == 1
        is_more = _is_break(piece) and (piece == "=" or not ends_option)
        if number > 1 and (is_more or _is_break(words[-1][-1])):
            words[-1].append(piece)
        else:
            words.append([piece])
    return words


def _is_break(piece: str) -> bool:
    return bool(piece) and not piece.strip(_BASH_BREAKS)


def _bash_quoted(word: str, quote: str) -> str:
    if quote == "'":
        return word.replace("'", r"'\''")
    if quote == '"':
        return re.sub(r"([\\\"$`])", r"\\\1", word).replace("!", "\"'!'\"")
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _zsh_described(offer: Offer) -> str:
    word = offer.word.replace("\\", r"\\").replace(":", r"\:")
    text = f"{word}:{offer.help}" if offer.help else word
    return "$'" + re.sub(r"[ '\\]", lambda found: f"\\x{ord(found[0]):02x}", text) + "'"


def _powershell_quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w./:\\,=-]+", word) else "'" + word.replace("'", "''") + "'"
