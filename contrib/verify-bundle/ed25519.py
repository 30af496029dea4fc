"""Ed25519 signatures (RFC 8032), verification only.

A signature R || S by the key A over M holds when S is below the group's order and
[S]B - [k]A, with k = SHA-512(R || A || M), has exactly the bytes R. A key is refused
when it is not in its one spelling or has small order: under such a key, signatures
that nobody made would hold.
"""

import hashlib
from functools import lru_cache

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)

# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032, 5.1.4).
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    """The sum of two points."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def encode(p):
    """The 32 bytes of a point."""
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point that 32 bytes spell, or None when they are not its one spelling."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    numerator, denominator = (y * y - 1) % P, (D * y * y + 1) % P
    x = numerator * denominator**3 * pow(numerator * denominator**7, (P - 5) // 8, P) % P
    if denominator * x * x % P != numerator:
        x = x * SQRT_MINUS_ONE % P
    if denominator * x * x % P != numerator or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def windows(point):
    """For each of 64 hexadecimal digits, the multiples 0 to 15 of 16^digit * point."""
    table = []
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(add(row[-1], point))
        table.append(row)
        point = add(row[15], point)
    return table


def multiply(table, scalar):
    """scalar * point, from the windows of the point."""
    total = NEUTRAL
    for row in table:
        if scalar & 15:
            total = add(total, row[scalar & 15])
        scalar >>= 4
    return total


BASE = windows(decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")))


@lru_cache(maxsize=64)
def key_windows(key):
    """The windows of minus the key, or None when the key is refused."""
    point = decode(key)
    if point is None:
        return None
    double = add(point, point)
    double = add(double, double)
    if encode(add(double, double)) == encode(NEUTRAL):  # eight times the key
        return None
    return windows((P - point[0], point[1], 1, P - point[3]))


def usable(key):
    """Whether 32 bytes are a key under which a signature says something."""
    return len(key) == 32 and key_windows(key) is not None


def verify(key, message, signature):
    """Whether the signature of 64 bytes over the message holds under the key of 32."""
    if len(key) != 32 or len(signature) != 64 or not usable(key):
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    return encode(add(multiply(BASE, s), multiply(key_windows(key), k))) == signature[:32]
