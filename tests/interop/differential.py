"""Asks three implementations about the same tokens: grantor, joserfc and jwcrypto.

Corpora are generated from a seed, in both directions: what one prints, the others read; and what is bent, all judge.
Where they differ, EXPLAINED says who takes it and why; any other difference is a failure, and so is an explanation that
nothing needs any more.
"""

import base64
import collections
import hmac
import json
import random
import subprocess
import sys
import warnings
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from joserfc import jwe as rfc_jwe
from joserfc import jwk as rfc_jwk
from joserfc import jws as rfc_jws
from jwcrypto import jwe as crypto_jwe
from jwcrypto import jwk as crypto_jwk
from jwcrypto import jws as crypto_jws

warnings.simplefilter("ignore")
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
chance = random.Random(SEED)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Refused(Exception):
    pass


class Grantor:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer

    def verify(self, alg, jwk, token):
        return unb64(self.ask(do="verify", alg=alg, jwk=jwk, token=token)["plain"])

    def sign(self, alg, jwk, claims):
        return self.ask(do="sign", jwk=jwk, claims=claims)["token"]

    def decrypt(self, alg, enc, jwk, token):
        return unb64(self.ask(do="decrypt", jwk=jwk, token=token)["plain"])

    def encrypt(self, alg, enc, jwk, plain):
        return self.ask(do="encrypt", jwk=jwk, alg=alg, enc=enc, plain=b64(plain))["token"]

    def thumbprint(self, jwk):
        return self.ask(do="thumbprint", jwk=jwk)["thumbprint"]


class JoseRfc:
    @staticmethod
    def key(jwk):
        return rfc_jwk.import_key(json.loads(jwk))

    def verify(self, alg, jwk, token):
        return rfc_jws.deserialize_compact(token, self.key(jwk), algorithms=[alg]).payload

    def sign(self, alg, jwk, claims):
        return rfc_jws.serialize_compact({"alg": alg}, json.dumps(claims), self.key(jwk), algorithms=[alg])

    def decrypt(self, alg, enc, jwk, token):
        return rfc_jwe.decrypt_compact(token, self.key(jwk), algorithms=[alg, enc, "DEF"]).plaintext

    def encrypt(self, alg, enc, jwk, plain):
        return rfc_jwe.encrypt_compact({"alg": alg, "enc": enc}, plain, self.key(jwk), algorithms=[alg, enc])

    def thumbprint(self, jwk):
        return self.key(jwk).thumbprint()


class JwCrypto:
    @staticmethod
    def key(jwk):
        return crypto_jwk.JWK.from_json(jwk)

    def verify(self, alg, jwk, token):
        jws = crypto_jws.JWS()
        jws.allowed_algs = [alg]
        jws.deserialize(token, self.key(jwk))
        return jws.payload

    def sign(self, alg, jwk, claims):
        jws = crypto_jws.JWS(json.dumps(claims))
        jws.allowed_algs = [alg]
        jws.add_signature(self.key(jwk), protected=json.dumps({"alg": alg}))
        return jws.serialize(compact=True)

    def decrypt(self, alg, enc, jwk, token):
        jwe = crypto_jwe.JWE(algs=[alg, enc])
        jwe.deserialize(token, self.key(jwk))
        return jwe.payload

    def encrypt(self, alg, enc, jwk, plain):
        jwe = crypto_jwe.JWE(plain, protected=json.dumps({"alg": alg, "enc": enc}), algs=[alg, enc])
        jwe.add_recipient(self.key(jwk))
        return jwe.serialize(compact=True)

    def thumbprint(self, jwk):
        return self.key(jwk).thumbprint()


PEERS = {"grantor": Grantor(sys.argv[1]), "joserfc": JoseRfc(), "jwcrypto": JwCrypto()}


class Key:
    """A key that signs anything, and its JWKs as text."""

    def __init__(self, alg, private):
        self.alg, self.private = alg, private
        jwk = json.loads(crypto_jwk.JWK.from_pyca(private).export())
        jwk.pop("kid", None)
        self.secret = json.dumps({**jwk, "alg": alg})
        self.public = json.dumps({name: jwk[name] for name in jwk if name not in ("d", "p", "q", "dp", "dq", "qi")})

    def sign(self, data):
        if self.alg == "EdDSA":
            return self.private.sign(data)
        if self.alg.startswith("ES"):
            hashed, size = (hashes.SHA256(), 32) if self.alg == "ES256" else (hashes.SHA384(), 48)
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashed)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        hashed = hashes.SHA384() if self.alg == "PS384" else hashes.SHA256()
        if self.alg == "RS256":
            return self.private.sign(data, padding.PKCS1v15(), hashed)
        return self.private.sign(data, padding.PSS(padding.MGF1(hashed), hashed.digest_size), hashed)

    def token(self, header, payload=b'{"sub":"alice"}'):
        header = header if isinstance(header, bytes) else json.dumps(header).encode()
        signed = f"{b64(header)}.{b64(payload)}"
        return f"{signed}.{b64(self.sign(signed.encode()))}"


RSA = rsa.generate_private_key(65537, 2048)
KEYS = [
    Key("ES256", ec.generate_private_key(ec.SECP256R1())),
    Key("ES384", ec.generate_private_key(ec.SECP384R1())),
    Key("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    Key("RS256", RSA),
    Key("PS256", RSA),
    Key("PS384", RSA),
]


def judge(question):
    """Who takes it: the first letters of their names, in order; and that all who take it read the same."""
    taken, read = "", set()
    for name, peer in PEERS.items():
        try:
            read.add(bytes(question(peer)))
            taken += {"grantor": "g", "joserfc": "r", "jwcrypto": "c"}[name]
        except Exception:  # Each has its own errors, and any of them is a refusal.
            pass
    assert len(read) <= 1, read
    return taken


def claims():
    def text():
        return "".join(chance.choice('abc"\\/ é\u2028😀\n') for _ in range(chance.randrange(12)))

    return {"sub": text(), text() or "x": chance.choice([0, -1, 1.5, True, None, [text()], {"a": text()}])}


# Bent headers, signed properly.
HEADERS = {
    "plain": lambda alg: {"alg": alg},
    "typ JWT": lambda alg: {"typ": "JWT", "alg": alg},
    "unknown member": lambda alg: {"alg": alg, "more": [1, {"a": None}]},
    "white space": lambda alg: f' {{ "alg" : "{alg}" }} '.encode(),
    "escaped": lambda alg: f'{{"\\u0061lg":"{alg}"}}'.encode(),
    "alg twice": lambda alg: f'{{"alg":"{alg}","alg":"{alg}"}}'.encode(),
    "alg twice, none first": lambda alg: f'{{"alg":"none","alg":"{alg}"}}'.encode(),
    "unknown member twice": lambda alg: f'{{"alg":"{alg}","x":1,"x":1}}'.encode(),
    "nested member twice": lambda alg: f'{{"alg":"{alg}","x":{{"y":1,"y":1}}}}'.encode(),
    "alg none": lambda alg: {"alg": "none"},
    "alg in lower case": lambda alg: {"alg": alg.lower()},
    "alg missing": lambda alg: {"kid": "1"},
    "alg a number": lambda alg: {"alg": 1},
    "another alg": lambda alg: {"alg": "HS256"},
    "crit unknown": lambda alg: {"alg": alg, "crit": ["x"], "x": 1},
    "crit empty": lambda alg: {"alg": alg, "crit": []},
    "crit a text": lambda alg: {"alg": alg, "crit": "exp", "exp": 1},
    "crit alg": lambda alg: {"alg": alg, "crit": ["alg"]},
    "crit b64 true": lambda alg: {"alg": alg, "crit": ["b64"], "b64": True},
    "b64 true without crit": lambda alg: {"alg": alg, "b64": True},
    "b64 false without crit": lambda alg: {"alg": alg, "b64": False},
    "zip": lambda alg: {"alg": alg, "zip": "DEF"},
    "jku": lambda alg: {"alg": alg, "jku": "https://mallory.example"},
    "x5u": lambda alg: {"alg": alg, "x5u": "https://mallory.example"},
    "jwk": lambda alg: {"alg": alg, "jwk": {"kty": "oct", "k": "AA"}},
    "kid a number": lambda alg: {"alg": alg, "kid": 1},
    "typ a number": lambda alg: {"alg": alg, "typ": 1},
    "typ of an access token": lambda alg: {"alg": alg, "typ": "at+jwt"},
    "deep": lambda alg: f'{{"alg":"{alg}","x":{"[" * 40}{"]" * 40}}}'.encode(),
    "an array": lambda alg: [alg],
    "a text": lambda alg: b'"ES256"',
    "nothing": lambda alg: b"",
    "followed by more": lambda alg: f'{{"alg":"{alg}"}}x'.encode(),
    "byte order mark": lambda alg: b"\xef\xbb\xbf" + json.dumps({"alg": alg}).encode(),
    "not UTF-8": lambda alg: f'{{"alg":"{alg}","x":"'.encode() + b'\xff"}',
    "NaN": lambda alg: f'{{"alg":"{alg}","x":NaN}}'.encode(),
}


def bits(text):
    """The same bytes with another bit behind them, where there is room."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) ^ 1]


def flipped(data):
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


# Bent texts of a token that was good.
TEXTS = {
    "padding": lambda h, p, s: (h, p, s + "=" * (-len(s) % 4 or 4)),
    "header padding": lambda h, p, s: (h + "=" * (-len(h) % 4 or 4), p, s),
    "bits behind the signature": lambda h, p, s: (h, p, bits(s) if len(s) % 4 else s),
    "space before": lambda h, p, s: (" " + h, p, s),
    "line after": lambda h, p, s: (h, p, s + "\n"),
    "line within": lambda h, p, s: (h, p, s[:9] + "\n" + s[9:]),
    "other alphabet": lambda h, p, s: (h, p, s[:8] + "+/" + s[10:]),
    "bit of the signature": lambda h, p, s: (h, p, b64(flipped(unb64(s)))),
    "byte less": lambda h, p, s: (h, p, b64(unb64(s)[:-1])),
    "byte more": lambda h, p, s: (h, p, b64(unb64(s) + b"\0")),
    "byte before": lambda h, p, s: (h, p, b64(b"\0" + unb64(s))),
    "no signature": lambda h, p, s: (h, p, ""),
    "zeros": lambda h, p, s: (h, p, b64(bytes(len(unb64(s))))),
    "another payload": lambda h, p, s: (h, b64(b'{"sub":"mallory"}'), s),
    "two parts": lambda h, p, s: (h, p),
    "four parts": lambda h, p, s: (h, p, s, s),
    "five parts": lambda h, p, s: (h, p, s, s, s),
}


def keys(key):
    """Bent keys, for tokens that are good under the key as it was."""
    jwk = json.loads(key.public)

    def changed(**more):
        return json.dumps({**jwk, **more})

    yield "as it is", changed()
    yield "use sig", changed(use="sig")
    yield "use enc", changed(use="enc")
    yield "key_ops verify", changed(key_ops=["verify"])
    yield "key_ops sign", changed(key_ops=["sign"])
    yield "key_ops twice", changed(key_ops=["verify", "verify"])
    yield "its alg", changed(alg=key.alg)
    yield "another alg", changed(alg="PS512" if jwk["kty"] == "RSA" else "ES512")
    yield "private", key.secret
    yield "member twice", key.public[:-1] + f', "kty": "{jwk["kty"]}"}}'
    if jwk["kty"] == "EC":
        x, y = unb64(jwk["x"]), unb64(jwk["y"])
        both = x + y
        yield "x with a zero", changed(x=b64(b"\0" + x))
        yield "y moved to x", changed(x=b64(both[: len(x) + 1]), y=b64(both[len(x) + 1 :]))
        yield "off the curve", changed(y=b64(flipped(y)))
    if jwk["kty"] == "RSA":
        yield "n with a zero", changed(n=b64(b"\0" + unb64(jwk["n"])))
        yield "n even", changed(n=b64(unb64(jwk["n"])[:-1] + b"\2"))


# Who takes what not all take, by first letters (grantor, joseRfc, jwCrypto), and why it is right here to take or refuse it.
ONCE = "each member comes once [RFC 7515 §4, RFC 7516 §4, RFC 8725 §2.4]"
TYPED = "a text by definition [RFC 7515 §4.1, RFC 7516 §4.1]"
CRIT = "a list of extensions, not empty, and none of what is registered [RFC 7515 §4.1.11]"
IGNORED = "what is not understood is ignored [RFC 7515 §4, RFC 7516 §4]; joserfc wants every member to be known"
NO_KEYS = "a token does not say where its key is; the others ignore it, which is as safe [RFC 8725 §3.10]"
CANONICAL = "base64url without padding, and without bits behind it [RFC 7515 §2, RFC 4648 §3.5]"
EXPLAINED = {
    "header: unknown member": ("gc", IGNORED),
    "encrypted: unknown member": ("gc", IGNORED),
    "header: alg twice": ("rc", ONCE),
    "header: alg twice, none first": ("rc", ONCE),
    "header: unknown member twice": ("c", ONCE),
    "header: nested member twice": ("c", ONCE),
    "encrypted: enc twice": ("rc", ONCE),
    "encrypted: unknown member twice": ("c", ONCE),
    "key: member twice": ("rc", "each member comes once [RFC 7517 §4]"),
    "header: crit empty": ("rc", CRIT),
    "header: crit alg": ("rc", CRIT),
    "encrypted: crit empty": ("rc", CRIT),
    "header: crit b64 true": ("rc", "RFC 7797 is not supported, so that there is one form of payload"),
    "header: b64 true without crit": ("rc", "the same; and `b64` must be critical [RFC 7797 §6]"),
    "header: jku": ("rc", NO_KEYS),
    "header: x5u": ("rc", NO_KEYS),
    "header: jwk": ("rc", NO_KEYS),
    "encrypted: jku": ("rc", NO_KEYS),
    "header: kid a number": ("c", TYPED),
    "header: typ a number": ("c", TYPED),
    "encrypted: kid a number": ("c", TYPED),
    "header: typ of an access token": ("rc", "a token for one purpose is none for another [RFC 8725 §3.11]"),
    "header: zip": ("c", "nothing is inflated [RFC 8725 §3.6]; a JWS has no `zip`"),
    "encrypted: zip": ("rc", "nothing is inflated [RFC 8725 §3.6]"),
    "header: NaN": ("c", "not JSON [RFC 8259 §6]"),
    "header: byte order mark": ("r", "not in JSON that travels [RFC 8259 §8.1]"),
    "header: deep": ("c", "objects are 32 deep at most"),
    "text: padding": ("c", CANONICAL),
    "text: header padding": ("c", CANONICAL),
    "text: bits behind the signature": ("c", CANONICAL),
    "signature: wide": ("c", "`r` and `s` of exactly 32 bytes [RFC 7518 §3.4]"),
    "key: Ed25519 of order 1, forged": ("rc", "no key that signs for everyone [RFC 8725 §3.4]"),
    "key: RSA with 1024 bits": ("rc", "2048 bits at least [RFC 7518 §3.3]"),
    "key: HS256 of 31 bytes": ("r", "32 bytes at least [RFC 7518 §3.2]"),
    "key: another alg": ("c", "a key is for its `alg` alone [RFC 7517 §4.4, RFC 8725 §3.1]"),
    "key: key_ops twice": ("r", "each operation once [RFC 7517 §4.3]"),
    "key: private": ("rc", "who has given its key away proves nothing"),
    "key: x with a zero": ("rc", "coordinates of exact length [RFC 7518 §6.2.1.2]"),
    "key: n with a zero": ("rc", "numbers without leading zeros [RFC 7518 §6.3.1.1]"),
}

seen = collections.defaultdict(collections.Counter)


def note(what, question):
    """Counts who takes it."""
    seen[what][judge(question)] += 1


def signatures():
    for key in KEYS:
        prints = {peer.thumbprint(key.public) for peer in PEERS.values()}
        assert len(prints) == 1, prints
        for _ in range(ROUNDS):
            for name, peer in PEERS.items():
                said = claims()
                token = peer.sign(key.alg, key.secret, said)
                for other in PEERS.values():
                    assert json.loads(other.verify(key.alg, key.public, token)) == said, (key.alg, name)
            for name, header in HEADERS.items():
                bent = key.token(header(key.alg))
                note(f"header: {name}", lambda peer: peer.verify(key.alg, key.public, bent))
            good = key.token({"alg": key.alg}).split(".")
            for name, bend_text in TEXTS.items():
                text = ".".join(bend_text(*good))
                if text != ".".join(good):
                    note(f"text: {name}", lambda peer: peer.verify(key.alg, key.public, text))
        token = key.token({"alg": key.alg})
        for name, jwk in keys(key):
            note(f"key: {name}", lambda peer: peer.verify(key.alg, jwk, token))
        other = {"RS256": "PS256", "PS256": "RS256"}.get(key.alg)
        if other:
            note("key: RSA with another padding", lambda peer: peer.verify(other, key.public, token))
    odd()


def odd():
    """Single cases that need work."""
    key = KEYS[0]
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    h, p, s = key.token({"alg": "ES256"}).split(".")
    r, t = int.from_bytes(unb64(s)[:32], "big"), int.from_bytes(unb64(s)[32:], "big")
    high = b64(r.to_bytes(32, "big") + (order - t).to_bytes(32, "big"))
    note("signature: the other s", lambda peer: peer.verify("ES256", key.public, f"{h}.{p}.{high}"))
    der = b64(utils.encode_dss_signature(r, t))
    note("signature: DER", lambda peer: peer.verify("ES256", key.public, f"{h}.{p}.{der}"))
    wide = b64(b"\0" + r.to_bytes(32, "big") + b"\0" + t.to_bytes(32, "big"))
    note("signature: wide", lambda peer: peer.verify("ES256", key.public, f"{h}.{p}.{wide}"))
    # The neutral point verifies R = S·B for any message.
    one = b64(b"\1" + bytes(31))
    forged = f'{b64(b"""{"alg":"EdDSA"}""")}.{b64(b"{}")}.{b64(bytes([1]) + bytes(63))}'
    neutral = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": one})
    note("key: Ed25519 of order 1, forged", lambda peer: peer.verify("EdDSA", neutral, forged))
    small = Key("RS256", rsa.generate_private_key(65537, 1024))
    note("key: RSA with 1024 bits", lambda peer: peer.verify("RS256", small.public, small.token({"alg": "RS256"})))
    three = Key("RS256", rsa.generate_private_key(3, 2048))
    note("key: RSA with e = 3", lambda peer: peer.verify("RS256", three.public, three.token({"alg": "RS256"})))
    signed = f'{b64(b"""{"alg":"HS256"}""")}.{b64(b"{}")}'
    for name, secret in [("of 32 bytes", bytes(range(32))), ("of 31 bytes", bytes(range(31))), ("of no bytes", b"")]:
        tag = b64(hmac.digest(secret, signed.encode(), "sha256"))
        jwk = json.dumps({"kty": "oct", "k": b64(secret)})
        note(f"key: HS256 {name}", lambda peer: peer.verify("HS256", jwk, f"{signed}.{tag}"))


ENCS = ["A128GCM", "A256GCM", "A128CBC-HS256"]
AGREEING = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]


def encryption():
    kinds = [
        (["RSA-OAEP-256"], RSA),
        (AGREEING, ec.generate_private_key(ec.SECP256R1())),
        (AGREEING, ec.generate_private_key(ec.SECP384R1())),
        (AGREEING, x25519.X25519PrivateKey.generate()),
    ]
    for algs, private in kinds:
        for alg in algs:
            key = Key(alg, private)
            for enc in ENCS:
                for _ in range(max(2, ROUNDS // 8)):
                    bend(key, alg, enc)


def bend(key, alg, enc):
    for name, peer in PEERS.items():
        plain = chance.randbytes(chance.randrange(60)) or b"x"
        token = peer.encrypt(alg, enc, key.public, plain)
        for other in PEERS.values():
            assert bytes(other.decrypt(alg, enc, key.secret, token)) == plain, (alg, enc, name)
    parts = PEERS["jwcrypto"].encrypt(alg, enc, key.public, b"some content").split(".")

    def ask(what, parts):
        note(f"encrypted: {what}", lambda peer: peer.decrypt(alg, enc, key.secret, ".".join(parts)))

    for place, part in enumerate(["header", "key", "vector", "content", "tag"]):
        if parts[place]:
            with_it = lambda text: [*parts[:place], text, *parts[place + 1 :]]
            ask(f"bit of the {part}", with_it(b64(flipped(unb64(parts[place])))))
            if place:
                ask(f"{part} shorter", with_it(b64(unb64(parts[place])[:-1])))
                ask(f"{part} longer", with_it(b64(unb64(parts[place]) + b"\0")))
    ask("four parts", parts[:4])
    ask("six parts", [*parts, parts[4]])
    protected = json.loads(unb64(parts[0]))
    if "epk" in protected and protected["epk"]["kty"] == "EC":
        epk = {**protected["epk"], "y": b64(flipped(unb64(protected["epk"]["y"])))}
        ask("epk off the curve", [b64(json.dumps({**protected, "epk": epk}).encode()), *parts[1:]])


# Bent headers of tokens that are sealed properly.
SEALED = {
    "plain": {},
    "typ": {"typ": "JWT"},
    "unknown member": {"more": [1]},
    "agreed with names": {"apu": b64(b"Alice"), "apv": b64(b"Bob")},
    "name not in base64url": {"apu": "a="},
    "zip": {"zip": "DEF"},
    "crit unknown": {"crit": ["x"], "x": 1},
    "crit empty": {"crit": []},
    "jku": {"jku": "https://mallory.example"},
    "kid a number": {"kid": 1},
    "another alg": {"alg": "dir"},
    "another enc": {"enc": "A256GCM"},
}


def headers():
    private = ec.generate_private_key(ec.SECP256R1())
    key = Key("ECDH-ES", private)
    for name, more in SEALED.items():
        note(f"encrypted: {name}", lambda peer: peer.decrypt("ECDH-ES", "A128GCM", key.secret, sealed(private, more)))
    twice = sealed(private, {}, lambda text: text[:-1] + ', "enc": "A128GCM"}')
    note("encrypted: enc twice", lambda peer: peer.decrypt("ECDH-ES", "A128GCM", key.secret, twice))
    twice = sealed(private, {}, lambda text: text[:-1] + ', "x": 1, "x": 1}')
    note("encrypted: unknown member twice", lambda peer: peer.decrypt("ECDH-ES", "A128GCM", key.secret, twice))


def sealed(private, more, change=lambda text: text):
    """ECDH-ES with A128GCM by hand [RFC 7518 §4.6], so that the header can be anything."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    epk = json.loads(crypto_jwk.JWK.from_pyca(ephemeral.public_key()).export())
    epk.pop("kid", None)
    protected = b64(change(json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk, **more})).encode())

    def sized(data):
        return len(data).to_bytes(4, "big") + data

    apu, apv = (b"Alice", b"Bob") if "apv" in more else (b"", b"")
    info = sized(b"A128GCM") + sized(apu) + sized(apv) + (128).to_bytes(4, "big")
    common = ephemeral.exchange(ec.ECDH(), private.public_key())
    content_key = ConcatKDFHash(hashes.SHA256(), 16, info).derive(common)
    plain = b"some content"
    if "zip" in more:
        plain = zlib.compress(plain, wbits=-15)
    vector = bytes(12)
    content = AESGCM(content_key).encrypt(vector, plain, protected.encode())
    return ".".join([protected, "", b64(vector), b64(content[:-16]), b64(content[-16:])])


if __name__ == "__main__":
    signatures()
    encryption()
    headers()
    faults = []
    for what, counts in seen.items():
        expected, why = EXPLAINED.get(what, (None, None))
        unlike = {taken: times for taken, times in counts.items() if taken != expected}
        if why:
            print(f"{what}: {expected} ({counts[expected]} times): {why}")
        if any(why or taken not in ("", "grc") for taken in unlike):
            faults.append(f"{what}: {dict(counts)}, explained is {expected}")
    faults += [f"{what}: explained, and never seen" for what in EXPLAINED if what not in seen]
    total = sum(sum(counts.values()) for counts in seen.values())
    print(f"{total} bent tokens and keys of {len(seen)} kinds, seed {SEED}; {len(EXPLAINED)} kinds differ as explained")
    sys.exit("\n".join(faults) or 0)
