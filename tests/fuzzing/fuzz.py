"""Fuzzing with atheris (libFuzzer): every input a mail, or a piece of one; a broken promise stops the run and is kept.

    make fuzz [SECONDS=600]
    python tests/fuzzing/fuzz.py --seconds 600 [--target mail]
    python tests/fuzzing/fuzz.py --target mail --again .fuzz/crash-…     one input once more, with its traceback

The seconds are shared among the targets, one process a core. The seeds are the golden mails; what is found on the way
stays in .fuzz/ and is where the next run begins. An input may take 5 seconds and 1 GiB, instrumented.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KEPT = ROOT / ".fuzz"
WORDS = (
    "Content-Type: ", "multipart/mixed; boundary=", "multipart/report; report-type=delivery-status", "message/rfc822",
    "message/delivery-status", "application/ms-tnef", "text/html", "Content-Transfer-Encoding: base64", "quoted-printable",
    "Content-Disposition: attachment; filename*0*=", "charset=", "=?utf-8?B?", "?=", "=?iso-2022-jp?Q?", "\\x0d\\x0a--", "--",
    "Final-Recipient: rfc822;", "Status: 5.1.1", "Action: failed", "On ", " wrote:", "-----Original Message-----", "From: ",
    "begin 644 ", "<blockquote>", "<table><tr><td>", "<!--", "&#x202e;", "\\x1b$B", "+ADw-", "Received: ", "References: <",
    "-- ", "> ", "\\xef\\xbb\\xbf", "-----BEGIN PGP SIGNED MESSAGE-----", "smime-type=signed-data",
)  # fmt: skip
MAIL = 2  # shares of the time that the whole mail gets, beside one for each piece


def mail(raw: bytes) -> None:
    from fuzzing import promises

    promises.check(raw)


def words(raw: bytes) -> None:
    from mailgate.mail import address, date, header, subject

    text = header.text(raw)
    header.message_ids(text)
    address.parse_list(text)
    address.single([text])
    date.parse(text)
    subject.brackets(text)
    assert "\0" not in text


def reply(raw: bytes) -> None:
    from mailgate.mail import language
    from mailgate.mail import reply as replies

    text = raw.decode("utf-8", "replace")
    title, _, text = text.partition("\n")
    split = replies.split(text, title)
    kept = set("\n".join((split.text, split.quoted, split.signature)).split())
    assert not set(text.split()) - kept, "a word was lost"
    language.guess(split.text)


def html(raw: bytes) -> None:
    from mailgate.mail import html as pages

    assert "\0" not in pages.to_text(raw.decode("utf-8", "replace"))


def tnef(raw: bytes) -> None:
    mail(b"Content-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22" + raw)


def report(raw: bytes) -> None:
    mail(
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\nReturn-Path: <>\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n" + raw
    )


TARGETS: dict[str, Callable[[bytes], None]] = {
    "mail": mail, "words": words, "reply": reply, "html": html, "tnef": tnef, "report": report,
}  # fmt: skip


def child(name: str, seconds: int) -> None:
    """One target until the time is over or a promise breaks; never returns."""
    import atheris

    sys.path.insert(0, str(HERE.parent))
    with atheris.instrument_imports(include=["mailgate.mail", "mailgate.rules"]):
        from fuzzing import promises  # noqa: F401, I001
        from mailgate.mail import parse  # noqa: F401
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    seeds = KEPT / "seeds"
    options = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=16384", f"-dict={KEPT / 'dictionary'}",
               f"-artifact_prefix={KEPT}/{name}-", "-print_final_stats=1", "-verbosity=0"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(folder), str(seeds)], TARGETS[name])
    atheris.Fuzz()


def again(name: str, path: Path) -> None:
    sys.path.insert(0, str(HERE.parent))
    TARGETS[name](path.read_bytes())
    print(f"{path}: every promise kept")


def prepare() -> None:
    """The seeds and the dictionary, made anew from the golden mails."""
    seeds = KEPT / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "tests" / "corpus").rglob("*.eml")):
        (seeds / f"{path.parent.name}-{path.stem}").write_bytes(path.read_bytes())
    (KEPT / "dictionary").write_text("".join(f'"{word}"\n' for word in WORDS))


def run(name: str, seconds: int) -> tuple[str, int, str]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", "--target", name, "--seconds", str(seconds)],
        capture_output=True,
        text=True,
    )
    return name, done.returncode, done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=600, help="of wall clock, all targets together")
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--again", type=Path, metavar="INPUT")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.again:
        again(options.target or "mail", options.again)
        return 0
    if options.child:
        child(options.target, options.seconds)
    prepare()
    names = [options.target] if options.target else list(TARGETS)
    cores = os.cpu_count() or 1
    share = options.seconds * min(cores, len(names)) // (len(names) - 1 + MAIL if len(names) > 1 else 1)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        for name, code, said in pool.map(
            lambda n: run(n, share * (MAIL if n == "mail" and len(names) > 1 else 1)), names
        ):
            said_so = (line.removeprefix("stat::") for line in said.splitlines() if line.startswith("stat::"))
            figures = {key: int(value) for key, _, value in (line.partition(":") for line in said_so)}
            runs, rate = (figures.get(key, 0) for key in ("number_of_executed_units", "average_exec_per_sec"))
            print(
                f"{name:8s} {runs:9,d} inputs, {rate:6,d}/s: {'a promise broke' if code else 'kept'}",
                flush=True,
            )
            if code:
                failed += 1
                print(said[-4000:])
    if failed:
        print(
            f"the inputs are in {KEPT.relative_to(ROOT)}/; see each with: python tests/fuzzing/fuzz.py --target NAME --again FILE"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
