"""Unsafe: rows and ids in archives, in packed and ciphered files, and what nobody can read."""

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import zipfile

import analysis

FEW = ["sex", "age", "bmi", "sbp", "cholesterol", "hba1c"]


def make(corpus, cohort):
    rows = cohort.base.sample(200, random_state=8)
    text = rows[FEW].to_csv(index=False).encode()
    ids = "\n".join(str(i) for i in rows["eid"]).encode()
    table = analysis.counts(analysis.prepared(cohort.base), "age_group").to_csv(index=False).encode()
    packed(corpus, text, ids)
    archives(corpus, text, ids, table)
    programs(corpus, text, ids, table)
    unreadable(corpus, text, ids)


def packed(corpus, text, ids):
    kind = "containers"
    corpus.unsafe(kind, "data.csv.gz", "rows, gzipped").write_bytes(gzip.compress(text, mtime=0))
    corpus.unsafe(kind, "notes.txt", "ids, gzipped, under the name of a text").write_bytes(gzip.compress(ids, mtime=0))
    corpus.unsafe(kind, "data.csv.bz2", "rows, bzip2").write_bytes(bz2.compress(text))
    corpus.unsafe(kind, "data.csv.xz", "rows, xz").write_bytes(lzma.compress(text))
    corpus.unsafe(kind, "data.csv.lzma", "rows, old lzma").write_bytes(lzma.compress(text, lzma.FORMAT_ALONE))
    corpus.unsafe(kind, "twice.gz", "gzipped twice").write_bytes(gzip.compress(gzip.compress(ids, mtime=0), mtime=0))
    corpus.unsafe(kind, "members.gz", "a second member with ids").write_bytes(gzip.compress(b"group,n\nA,120\n", mtime=0) + gzip.compress(ids, mtime=0))
    stream = io.BytesIO()
    with gzip.GzipFile(filename=ids.split()[0].decode(), mode="wb", fileobj=stream, mtime=0) as file:
        file.write(b"group,n\nA,120\nB,180\n")
    corpus.unsafe(kind, "named.csv.gz", "an id as the name in the gzip header").write_bytes(stream.getvalue())


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()


def archives(corpus, text, ids, table):
    kind = "containers"
    one = ids.split()[0].decode()
    corpus.unsafe(kind, "results.zip", "rows in an archive").write_bytes(zipped([("a.csv", text)]))
    corpus.unsafe(kind, "nested.zip", "an archive in an archive").write_bytes(zipped([("inner.zip", zipped([("t.csv", table), ("a.csv", text)]))]))
    corpus.unsafe(kind, "deep.zip", "eight archives in one another").write_bytes(nest(text, 8))
    corpus.unsafe(kind, "names.zip", "an id as the name of a member").write_bytes(zipped([(f"{one}.csv", table)]))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("table.csv", table)
        archive.comment = ids[:200]
    corpus.unsafe(kind, "comment.zip", "ids in the comment of an archive").write_bytes(stream.getvalue())
    corpus.unsafe(kind, "between.zip", "rows before the archive").write_bytes(text + zipped([("table.csv", table)]))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in [("table.csv", table), ("x/data.csv", text)]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    corpus.unsafe(kind, "outputs.tar.gz", "rows among the members of an archive").write_bytes(stream.getvalue())
    bomb = gzip.compress(b"\0" * (64 << 20), mtime=0)
    corpus.unsafe(kind, "bomb.gz", "64 MB of zeros, 40 times").write_bytes(bomb * 40)


def nest(content, depth):
    name = "a.csv"
    for i in range(depth):
        content, name = zipped([(name, content)]), f"level{i}.zip"
    return content


def programs(corpus, text, ids, table):
    """Ciphers of common programs, where these are installed."""
    kind = "ciphers"
    plain = corpus.folder / "plain.csv"
    plain.write_bytes(text)
    recipes = {
        "secret.zip": ["zip", "-q", "-j", "-P", "secret", "{out}", "{in}"],
        "data.gpg": ["gpg", "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "secret", "--symmetric", "-o", "{out}", "{in}"],
        "data.asc": ["gpg", "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "secret", "--armor", "--symmetric", "-o", "{out}", "{in}"],
        "data.enc": ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-k", "secret", "-in", "{in}", "-out", "{out}"],
        "data.b64": ["openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-a", "-k", "secret", "-in", "{in}", "-out", "{out}"],
        "data.csv.zst": ["zstd", "-q", "-f", "{in}", "-o", "{out}"],
    }
    for name, command in recipes.items():
        if not shutil.which(command[0]):
            print(f"skipped: {name}, there is no {command[0]}")
            continue
        path = corpus.unsafe(kind, name, f"rows by {command[0]}")
        words = [word.replace("{out}", str(path)).replace("{in}", str(plain)) for word in command]
        home = corpus.folder / "gnupg"
        home.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(words, check=True, env=os.environ | {"GNUPGHOME": str(home)}, stderr=subprocess.DEVNULL)
    plain.unlink()
    shutil.rmtree(corpus.folder / "gnupg", ignore_errors=True)


def unreadable(corpus, text, ids):
    kind = "unreadable"
    rng = corpus.random("unreadable")
    corpus.unsafe(kind, "weights.bin", "random bytes").write_bytes(rng.bytes(4000))
    corpus.unsafe(kind, "table.csv", "random bytes under the name of a table").write_bytes(rng.bytes(900))
    corpus.unsafe(kind, "xor.dat", "rows, each byte turned by a key").write_bytes(bytes(b ^ 0x5A for b in text))
    corpus.unsafe(kind, "rot47.txt", "ids with each character shifted").write_bytes(bytes(33 + (b - 33 + 47) % 94 if b > 32 else b for b in ids))
    corpus.unsafe(kind, "ids.bin", "ids as 32-bit numbers").write_bytes(b"".join(int(i).to_bytes(4, "little") for i in ids.split()))
    corpus.unsafe(kind, "ebcdic.txt", "ids in EBCDIC").write_bytes(ids.decode().encode("cp500"))
    corpus.unsafe(kind, "utf7.txt", "ids in UTF-7").write_bytes(ids.decode().encode("utf-7"))
    corpus.unsafe(kind, "notes.uu", "ids as quoted-printable").write_bytes(b"".join(b"=%02X" % b for b in ids[:600]))
    corpus.unsafe(kind, "half.parquet", "a torn Parquet file").write_bytes(b"PAR1" + text)
    corpus.unsafe(kind, "half.zip", "a torn archive").write_bytes(zipped([("a.csv", text)])[:-40])
    corpus.unsafe(kind, "model.onnx", "rows behind a head of no known kind").write_bytes(b"\x08\x07\x12\x07pytorch" + bytes(range(256)) + text)
    corpus.unsafe(kind, "empty.csv", "an output that went missing").write_bytes(b"")
    corpus.unsafe(kind, "nul.csv", "rows with a NUL between the characters").write_bytes(b"\0".join(bytes([b]) for b in ids))
