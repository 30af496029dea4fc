"""ML-DSA-44 signatures (FIPS 204), verification only, with an empty context.

The names are those of the standard: polynomials have 256 coefficients modulo Q; a hat
marks the ones that the number-theoretic transform has been applied to, which multiply
coefficient by coefficient.
"""

import hashlib
from functools import lru_cache

Q = 8380417
N = 256
K = L = 4  # rows and columns of the matrix
D = 13  # bits of t that the key leaves out
TAU = 39  # coefficients of the challenge that are not zero
GAMMA1 = 1 << 17
GAMMA2 = (Q - 1) // 88
BETA = 78
OMEGA = 80  # hints at most

KEY_SIZE = 32 + 320 * K
SIGNATURE_SIZE = 32 + 576 * L + OMEGA + K


def _reversed_bits(k):
    return int(f"{k:08b}"[::-1], 2)


ZETAS = [pow(1753, _reversed_bits(k), Q) for k in range(N)]
SCALE = pow(N, -1, Q)


def transform(w):
    """The number-theoretic transform (algorithm 41)."""
    w, m, length = list(w), 0, N // 2
    while length:
        for start in range(0, N, 2 * length):
            m += 1
            zeta = ZETAS[m]
            for j in range(start, start + length):
                t = zeta * w[j + length] % Q
                w[j + length], w[j] = (w[j] - t) % Q, (w[j] + t) % Q
        length //= 2
    return w


def restore(w):
    """The inverse of the transform (algorithm 42)."""
    w, m, length = list(w), N, 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            zeta = ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j] = (t + w[j + length]) % Q
                w[j + length] = zeta * (w[j + length] - t) % Q
        length *= 2
    return [SCALE * x % Q for x in w]


def unpack(data, bits):
    """The 256 numbers of so many bits each that bytes hold, the lowest bits first."""
    number, mask = int.from_bytes(data, "little"), (1 << bits) - 1
    return [number >> bits * i & mask for i in range(N)]


def pack(numbers, bits):
    """The bytes that hold 256 numbers of so many bits each."""
    number = sum(n << bits * i for i, n in enumerate(numbers))
    return number.to_bytes(N * bits // 8, "little")


def _uniform(seed):
    """A polynomial of the matrix: three bytes are a coefficient, or nothing (algorithm 30)."""
    stream = hashlib.shake_128(seed).digest(3 * 1024)  # 256 of 1024 tries are enough, all but surely
    found = []
    for i in range(0, len(stream), 3):
        z = stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 127) << 16
        if z < Q:
            found.append(z)
            if len(found) == N:
                return found
    raise ValueError("a key whose matrix takes more bytes than any is known to")


@lru_cache(maxsize=16)
def expand(key):
    """What a key stands for: the matrix, t times 2^D, both transformed, and the hash of it."""
    rho = key[:32]
    matrix = [[_uniform(rho + bytes([s, r])) for s in range(L)] for r in range(K)]
    t = [transform(x << D for x in unpack(key[32 + 320 * r : 352 + 320 * r], 10)) for r in range(K)]
    return matrix, t, hashlib.shake_256(key).digest(64)


def challenge(seed):
    """The polynomial with TAU coefficients of 1 or -1 (algorithm 29)."""
    stream = hashlib.shake_256(seed).digest(2048)
    signs, at = int.from_bytes(stream[:8], "little"), 8
    c = [0] * N
    for i in range(N - TAU, N):
        while stream[at] > i:
            at += 1
        j = stream[at]
        at += 1
        c[i] = c[j]
        c[j] = -1 if signs & 1 else 1
        signs >>= 1
    return c


def hints(data):
    """The places of the hints, a set for each row, or None where they are not in their one
    spelling: ascending in each row, and zeros behind the last (algorithm 21)."""
    rows, at = [], 0
    for r in range(K):
        end = data[OMEGA + r]
        if not at <= end <= OMEGA:
            return None
        row = data[at:end]
        if any(a >= b for a, b in zip(row, row[1:])):
            return None
        rows.append(set(row))
        at = end
    return None if any(data[at:OMEGA]) else rows


def high_bits(r, hint):
    """The high part of a coefficient, moved by one where a hint says so (algorithms 36 and 40)."""
    low = r % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    if r - low == Q - 1:
        high, low = 0, low - 1
    else:
        high = (r - low) // (2 * GAMMA2)
    if hint:
        high += 1 if low > 0 else -1
    return high % ((Q - 1) // (2 * GAMMA2))


def verify(key, message, signature):
    """Whether a signature over the message holds under the key (algorithms 3 and 8)."""
    if len(key) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    seed, end = signature[:32], 32 + 576 * L
    z = [[GAMMA1 - x for x in unpack(signature[32 + 576 * s : 608 + 576 * s], 18)] for s in range(L)]
    rows = hints(signature[end:])
    if rows is None or max(abs(x) for p in z for x in p) >= GAMMA1 - BETA:
        return False
    matrix, t, digest = expand(key)
    mu = hashlib.shake_256(digest + b"\0\0" + message).digest(64)
    c = transform(challenge(seed))
    z = [transform(p) for p in z]
    found = b""
    for r in range(K):
        w = [sum(matrix[r][s][i] * z[s][i] for s in range(L)) - c[i] * t[r][i] for i in range(N)]
        found += pack([high_bits(x, i in rows[r]) for i, x in enumerate(restore(w))], 6)
    return hashlib.shake_256(mu + found).digest(32) == seed
