# Everything a newcomer types. Each target builds what it needs; nothing to install by hand on a Debian with python3-venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
KILLS  ?= 200
SECONDS_OF_FUZZING ?= 600
# one more than there are cores: tests of servers wait
WORKERS ?= $$(( $$(nproc) + 1 ))
CORPORA ?= ../shared/corpora

# Where byte code may not be kept, each process of the tests compiles them, and mailgate, anew: half a minute of two cores.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test quick lint format crash fuzz score bench screenshots tools clean help

help:
	@echo "make run     start the gateway on SQLite with config/mailgate.toml"
	@echo "make test    all set-up and the whole test suite, as CI runs it"
	@echo "make quick   the tests that run in a few minutes"
	@echo "make crash   kill the real processes KILLS=$(KILLS) times and count what is lost"
	@echo "make fuzz    hostile mail for SECONDS_OF_FUZZING=$(SECONDS_OF_FUZZING) seconds (atheris), then 2000 stories of a desk (Hypothesis)"
	@echo "make score   how well real mail is read, beside other libraries; needs the folder CORPORA=$(CORPORA)"
	@echo "make bench   the benchmarks, each beside its baseline"
	@echo "make screenshots   every mail as a picture, into var/screenshots"
	@echo "make format  let ruff mend the layout"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mailgate needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 78; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 69; }

$(VENV)/.run: pyproject.toml config/constraints.txt | $(VENV)/bin/python
	@echo "Installing mailgate into $(VENV) (once) ..."
	@$(PIP) install --quiet --constraint config/constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml config/constraints.txt | $(VENV)/bin/python
	@$(PIP) install --quiet --constraint config/constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.run

run: $(VENV)/.run
	@$(BIN)/mailgate serve

tools:
	@sh tests/tools.sh swaks strace openssl chromium postfix procmail curl msmtp mutt s-nail haproxy nginx systemd-analyze=systemd \
		/usr/lib/dovecot/imap=dovecot-imapd /usr/lib/dovecot/lmtp=dovecot-lmtpd sievec=dovecot-sieve \
		/usr/bin/python3=python3 '/usr/lib/*/libgnutls-dane.so.0=libgnutls-dane0' '/lib/*/libidn.so.12=libidn12'

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

quick: $(VENV)/.dev tools
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not crash" -q --hypothesis-profile=quick

test: lint tools
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not crash"
	$(BIN)/python -m pytest -m crash

crash: $(VENV)/.dev
	$(BIN)/python tests/crash/harness.py --kills $(KILLS)

$(VENV)/.fuzz: pyproject.toml config/constraints.txt | $(VENV)/.dev
	@$(PIP) install --quiet --constraint config/constraints.txt --editable '.[fuzz]'
	@touch $@

fuzz: $(VENV)/.fuzz
	$(BIN)/python tests/fuzzing/fuzz.py --seconds $(SECONDS_OF_FUZZING)
	MAILGATE_CUTS=1000000 $(BIN)/python -m pytest -q -n auto tests/fuzzing/test_parse_hostile.py
	MAILGATE_STORIES=2000 $(BIN)/python -m pytest -q tests/rules/test_state_machine.py

$(VENV)/.score: pyproject.toml config/constraints.txt | $(VENV)/.dev
	@$(PIP) install --quiet --constraint config/constraints.txt --editable '.[score]'
	@touch $@

score: $(VENV)/.score
	@$(BIN)/python tests/scoring/score.py $(CORPORA)

bench: $(VENV)/.dev
	@sh tests/tools.sh postfix /usr/lib/dovecot/imap=dovecot-imapd /usr/lib/dovecot/lmtp=dovecot-lmtpd
	$(BIN)/python tests/benchmarks/bench_accept.py
	$(BIN)/python tests/benchmarks/bench_lmtp.py
	$(BIN)/python tests/benchmarks/bench_pipe.py
	$(BIN)/python tests/benchmarks/bench_imap.py
	$(BIN)/python tests/benchmarks/bench_memory.py
	$(BIN)/python tests/benchmarks/bench_read.py
	$(BIN)/python tests/benchmarks/bench_limits.py
	$(BIN)/python tests/benchmarks/bench_tickets.py
	$(BIN)/python tests/benchmarks/bench_clock.py
	$(BIN)/python tests/benchmarks/bench_relay.py

screenshots: $(VENV)/.dev
	@sh tests/tools.sh chromium
	$(BIN)/python tests/screenshots/shoot.py var/screenshots

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
