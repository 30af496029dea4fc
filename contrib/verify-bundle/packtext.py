"""Reads the YAML that packs are written in: block and flow lists and keys, plain and quoted
texts, folded texts (>-), comments. Tags, anchors and all else are not understood."""

import re

from understood import NotUnderstood

KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[A-Za-z0-9_+./ -]*[A-Za-z0-9_+./-]):(?=\s|$)""")
NUMBER = re.compile(r"0|-?[1-9][0-9]{0,15}$")
# Plain texts that YAML readers take for something else, by version and taste.
DOUBTFUL = re.compile(r"(~|null|true|false|[-+.]*[0-9.][0-9._:a-fox+-]*|[-+]?[.](inf|nan))$", re.IGNORECASE)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")
FORBIDDEN = tuple("&*!|>%@`{}[],?#")


class Lines:
    """The lines of a pack with their indentation; the reader takes them from the front."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def peek(self):
        """Indentation and content of the next line that is not empty, or (-1, "")."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            content = line.lstrip(" ")
            if content and not content.startswith("#"):
                if "\t" in line or line.startswith(("---", "...")):
                    raise NotUnderstood("a tab or a document mark in a pack")
                return len(line) - len(content), content
            self.at += 1
        return -1, ""


def read(data):
    """The value of a pack's text: dicts, lists, texts, whole numbers, truth values, None."""
    try:
        lines = Lines(data.decode())
    except UnicodeDecodeError:
        raise NotUnderstood("a pack is not UTF-8") from None
    indent, _ = lines.peek()
    value = _block(lines, indent)
    if lines.peek()[0] >= 0:
        raise NotUnderstood(f"line {lines.at + 1} of a pack")
    return value


def _block(lines, indent):
    _, content = lines.peek()
    if content.startswith("- "):
        return _items(lines, indent)
    return _keys(lines, indent) if KEY.match(content) else _inline(lines, indent - 1, content)


def _items(lines, indent):
    items = []
    while True:
        found, content = lines.peek()
        if found != indent or not content.startswith("- "):
            return items
        inner = content[2:].lstrip(" ")
        if KEY.match(inner):
            column = indent + len(content) - len(inner)
            lines.lines[lines.at] = " " * column + inner
            items.append(_keys(lines, column))
        else:
            items.append(_inline(lines, indent, inner))


def _keys(lines, indent):
    keys = {}
    while True:
        found, content = lines.peek()
        if found != indent or content.startswith("- "):
            return keys
        match = KEY.match(content)
        if not match:
            raise NotUnderstood(f"line {lines.at + 1} of a pack")
        key = _scalar(match.group(1), True)
        if key in keys:
            raise NotUnderstood(f"the key {key} twice, in line {lines.at + 1} of a pack")
        keys[key] = _value(lines, indent, content[match.end():].strip())


def _value(lines, indent, rest):
    if rest and not rest.startswith("#"):
        return _inline(lines, indent, rest)
    lines.at += 1
    inner, content = lines.peek()
    if inner > indent or (inner == indent and content.startswith("- ")):
        return _block(lines, inner)
    return None


def _inline(lines, indent, text):
    """A value that begins on this line, and goes on in lines that stand further in."""
    lines.at += 1
    if re.match(r">-(\s+#.*)?$", text):
        return _folded(lines, indent)
    while True:
        value, rest = _flow(text, 0, False)
        if value is not _OPEN:
            if text[rest:].strip() and not re.match(r"\s+#", text[rest:]):
                raise NotUnderstood(f"line {lines.at} of a pack")
            if lines.peek()[0] > indent:
                raise NotUnderstood(f"line {lines.at + 1} of a pack, which goes on")
            return value
        found, content = lines.peek()
        if found <= indent:
            raise NotUnderstood(f"line {lines.at} of a pack, which does not end")
        text += " " + content
        lines.at += 1


def _folded(lines, indent):
    parts, depth = [], lines.peek()[0]
    while lines.at < len(lines.lines):
        line = lines.lines[lines.at]
        if not line.strip() or len(line) - len(line.lstrip(" ")) <= indent:
            break
        if len(line) - len(line.lstrip(" ")) != depth:
            raise NotUnderstood(f"line {lines.at + 1} of a pack")
        parts.append(line.strip())
        lines.at += 1
    return " ".join(parts)


_OPEN = object()  # the text ends before the value does


def _flow(text, at, inside):
    """The value at a place of the text, and the place behind it."""
    while at < len(text) and text[at] == " ":
        at += 1
    if at == len(text):
        return _OPEN, at
    if text[at] in "[{":
        return _collection(text, at)
    if text[at] in "\"'":
        match = re.compile(r'"(?:[^"\\]|\\.)*"' if text[at] == '"' else r"'(?:[^']|'')*'").match(text, at)
        return (_scalar(match.group(), False), match.end()) if match else (_OPEN, at)
    end = at
    while end < len(text) and not (inside and text[end] in ",]}[{") and not text.startswith(": ", end) and not text.startswith(" #", end):
        end += 1
    if text.startswith(": ", end) and not inside:
        raise NotUnderstood("a colon within a plain text of a pack")
    return _scalar(text[at:end].rstrip(), False), end


def _collection(text, at):
    keyed = text[at] == "{"
    items, at, close = ({} if keyed else []), at + 1, "}" if keyed else "]"
    while True:
        while at < len(text) and text[at] == " ":
            at += 1
        if at < len(text) and text[at] == close:
            return items, at + 1
        value, at = _flow(text, at, True)
        if value is _OPEN:
            return _OPEN, at
        if keyed:
            if not isinstance(value, str) or value in items or not text.startswith(":", at):
                raise NotUnderstood("a key in a pack")
            key = value
            value, at = _flow(text, at + 1, True)
            if value is _OPEN:
                return _OPEN, at
            items[key] = value
        else:
            items.append(value)
        while at < len(text) and text[at] == " ":
            at += 1
        if at == len(text):
            return _OPEN, at
        if text[at] not in "," + close:
            raise NotUnderstood("a list in a pack")
        at += text[at] == ","


def _scalar(text, key):
    if text.startswith('"'):
        inner = text[1:-1]
        if re.search(r'\\[^"\\]', inner):
            raise NotUnderstood("an escape in a text of a pack")
        return re.sub(r'\\(.)', r"\1", inner)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    if NUMBER.fullmatch(text) and not key:
        return int(text)
    if text.startswith(FORBIDDEN) or (DOUBTFUL.match(text) and not DAY.match(text) and not key):
        raise NotUnderstood(f"the plain text {text!r} in a pack")
    return text
