"""The spellings of docs/bundle.md, section 1. Each value has one; all others are refused."""

import base64
import binascii
import hashlib
import json
from datetime import datetime, timedelta

EPOCH = datetime(1970, 1, 1)
MAX_INT = 2**53 - 1
MAX_TEXT = 1 << 20
CLASSES = ["customer", "trade_secret", "security", "personal", "legal"]


class Refused(Exception):
    """Something in the file does not hold."""


class Unusable(Exception):
    """What the verifier was given from outside cannot be used."""


def need(holds, why):
    """Refuses with the reason unless the condition holds."""
    if not holds:
        raise Refused(why)


def sha256(data):
    """The SHA-256 of bytes."""
    return hashlib.sha256(data).digest()


def unbase64(text, size, alphabet="url"):
    """The bytes that base64 spells: b64u without padding, or "standard" with it.
    size is how many there must be, None for any number."""
    try:
        if alphabet == "url":
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            again = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        else:
            data = base64.b64decode(text, validate=True)
            again = base64.b64encode(data).decode()
    except (binascii.Error, ValueError, TypeError):
        raise Refused("a value is not base64") from None
    need(again == text, "a base64 value is not in its one spelling")
    need(size is None or len(data) == size, f"a base64 value has {len(data)} bytes, not {size}")
    return data


def b64u(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def is_hash(text):
    """Whether a value is a SHA-256 in lower-case hexadecimal."""
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def is_id(text):
    """Whether a value is an id: 15 bytes in base32."""
    return isinstance(text, str) and len(text) == 24 and all(c in "abcdefghijklmnopqrstuvwxyz234567" for c in text)


def key_id(key):
    """How an entry's `actor` names the person with this public key."""
    return base64.b32encode(sha256(key)[:15]).decode().lower()


def day_number(text):
    """The days from 0000-03-01 to a day that is written YYYY-MM-DD, or None when it is none."""
    if not isinstance(text, str) or len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    digits = text[:4] + text[5:7] + text[8:]
    if not all(c in "0123456789" for c in digits):
        return None
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not 1 <= month <= 12 or not 1 <= day <= lengths[month - 1]:
        return None
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1


def day_of(time):
    """The number of the day, in UTC, on which a time in microseconds falls."""
    return day_number("1970-01-01") + time // 86_400_000_000


def date_of(time):
    """The day, in UTC, on which a time in microseconds falls, as a text."""
    return str(EPOCH + timedelta(microseconds=time))[:10]


def _whole(text):
    number = int(text) if len(text) < 20 else MAX_INT + 1
    need(-MAX_INT <= number <= MAX_INT, "a number is out of range")
    return number


def _never(text):
    raise Refused(f"{text} is not a whole number")


def spell(value):
    """The canonical JSON of a value, as bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_json(data):
    """The value that canonical JSON spells. A second spelling does not encode again to
    the same bytes, and that is how it is found."""
    try:
        value = json.loads(data.decode(), parse_int=_whole, parse_float=_never, parse_constant=_never)
        again = spell(value)
    except (ValueError, RecursionError):
        raise Refused("it is not canonical JSON") from None
    need(again == data, "it is JSON, but not in its canonical spelling")
    return value


def check_text(text):
    """Refuses what is not a text: also NUL, and more than a mebibyte."""
    need(isinstance(text, str), "a value is not a text")
    need("\0" not in text, "a text holds NUL")
    need(len(text) <= MAX_TEXT // 4 or len(text.encode()) <= MAX_TEXT, "a text is longer than 1 MiB")
