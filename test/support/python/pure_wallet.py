"""A wallet of the standard library alone, small and slow, for tests: Keccak-256, EIP-712 of flat structs, ECDSA on secp256k1 (RFC 6979)."""

import hashlib
import hmac

MASK = (1 << 64) - 1
ROTATIONS = [[0, 36, 3, 41, 18], [1, 44, 10, 45, 2], [62, 6, 43, 15, 61], [28, 55, 25, 21, 56], [27, 20, 39, 8, 14]]


def round_constants():
    state, constants = 1, []
    for _ in range(24):
        word = 0
        for step in range(7):
            if state & 1:
                word |= 1 << ((1 << step) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        constants.append(word)
    return constants


CONSTANTS = round_constants()


def rotate(word, by):
    return ((word << by) | (word >> (64 - by))) & MASK if by else word


def permute(lanes):
    for constant in CONSTANTS:
        parity = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        mixed = [parity[(x - 1) % 5] ^ rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ mixed[x] for y in range(5)] for x in range(5)]
        moved = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                moved[y][(2 * x + 3 * y) % 5] = rotate(lanes[x][y], ROTATIONS[x][y])
        lanes = [
            [moved[x][y] ^ (~moved[(x + 1) % 5][y] & moved[(x + 2) % 5][y] & MASK) for y in range(5)] for x in range(5)
        ]
        lanes[0][0] ^= constant
    return lanes


def keccak256(data):
    rate = 136
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for index in range(rate // 8):
            word = int.from_bytes(padded[start + 8 * index : start + 8 * index + 8], "little")
            lanes[index % 5][index // 5] ^= word
        lanes = permute(lanes)
    return b"".join(lanes[index % 5][index // 5].to_bytes(8, "little") for index in range(4))


def word_of(kind, value):
    if kind == "string":
        return keccak256(value.encode())
    if kind in ("address", "bytes32"):
        return int(value, 16).to_bytes(32, "big")
    return int(value).to_bytes(32, "big")


def struct_hash(types, name, value):
    spelled = name + "(" + ",".join(field["type"] + " " + field["name"] for field in types[name]) + ")"
    words = [word_of(field["type"], value[field["name"]]) for field in types[name]]
    return keccak256(keccak256(spelled.encode()) + b"".join(words))


def digest_of(data):
    domain = struct_hash(data["types"], "EIP712Domain", data["domain"])
    return keccak256(b"\x19\x01" + domain + struct_hash(data["types"], data["primaryType"], data["message"]))


P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(times, point=G):
    total = None
    while times:
        if times & 1:
            total = add(total, point)
        point, times = add(point, point), times >> 1
    return total


def address_of(key):
    x, y = multiply(int(key, 16))
    return "0x" + keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:].hex()


def nonces(key, digest):
    """RFC 6979: the same key and digest give the same signature everywhere."""
    mac = lambda secret, *parts: hmac.new(secret, b"".join(parts), hashlib.sha256).digest()
    seed = key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    k, v = bytes(32), b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        k = mac(k, v, mark, seed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        yield int.from_bytes(v, "big")
        k = mac(k, v, b"\x00")
        v = mac(k, v)


def sign_digest(key, digest):
    secret, message = int(key, 16), int.from_bytes(digest, "big")
    for nonce in nonces(secret, digest):
        if not 0 < nonce < N:
            continue
        x, y = multiply(nonce)
        r = x % N
        s = pow(nonce, -1, N) * (message + r * secret) % N
        if r and s:
            break
    # The token's contract refuses the upper half of s.
    parity = y & 1
    if s > N // 2:
        s, parity = N - s, 1 - parity
    return "0x" + r.to_bytes(32, "big").hex() + s.to_bytes(32, "big").hex() + bytes([27 + parity]).hex()


def sign_typed_data(key, data):
    return sign_digest(key, digest_of(data))
