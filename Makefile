# Two commands for newcomers: `make demo` and `make test`. All others are parts of them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO := cargo
START := $(shell date +%s)
.NOTPARALLEL:
# $(call step,name,command): announces the step and says how long it took, failed or not.
step = @echo "== $(1)"; start=$$SECONDS; if $(2); then echo "== $(1): ok, $$((SECONDS-start)) s"; else \
	code=$$?; echo "== $(1): FAILED after $$((SECONDS-start)) s; command: $(subst ",,$(2))" >&2; exit $$code; fi

.PHONY: help demo test check fmt clippy deny tests bench bench-digitise bench-screen bench-offline bench-fleet fuzz gallery golden test-usb test-kms test-powercut test-baddisk setup-demo setup-test setup-fuzz setup-usb setup-kms setup-digitise

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 21

demo: setup-demo ## a whole office on this machine, every device simulated; ARGS="..." for options
	$(call step,build,$(CARGO) build --workspace --bins)
	@$(TARGET)/debug/motcua-demo $(ARGS)

test: setup-test fmt clippy deny tests ## everything that must pass before a change goes in
	@echo "== all passed in $$(($$(date +%s) - $(START))) s"

check: fmt clippy tests ## test without the set-up and the licence check

bench: setup-demo ## speed and size against the targets; agent, hub and devices built for release
	$(call step,build,$(CARGO) build --release -p motcua-agent -p motcua-hub -p motcua-sim -p motcua-sane -p motcua-sane-folder -p motcua-tests)
	@$(TARGET)/release/motcua-bench $(ARGS)

bench-digitise: setup-digitise ## time, size, errors beside OCRmyPDF, fields, QR codes beside zbarimg; ARGS="--only 300:d1" or --fields-only; 25 minutes; built for release
	$(call step,build,$(CARGO) build --release --locked -p motcua)
	@tests/digitise/run.sh $(abspath $(TARGET)) $(abspath $(TARGET)/release/motcua) $(ARGS)

bench-screen: setup-demo ## what the kiosk's screen costs: touch to picture, repainted pixels, processor, memory; built for release
	$(call step,build,SLINT_EMIT_DEBUG_INFO=1 $(CARGO) build --release --locked -p motcua-agent -p motcua-hub -p motcua-sim -p motcua-kiosk -p motcua-tests --bins --example motcua-screen)
	@$(TARGET)/release/examples/motcua-screen
	@$(TARGET)/release/motcua-bench --screen

bench-offline: setup-demo ## a month without the link: 3,000 dossiers, 5 GB, start and drain; ARGS="--dossiers 300"; built for release
	$(call step,build,$(CARGO) build --release -p motcua-agent -p motcua-hub -p motcua-sim -p motcua-tests)
	@$(TARGET)/release/motcua-offline $(ARGS)

bench-fleet: setup-test ## 10,000 devices come back to two hubs on PostgreSQL and S3; ARGS="--devices 1000 --seed 7" for less
	$(call step,build,$(CARGO) build --release --locked -p motcua-hub --bins --example motcua-fleet)
	@tests/hub/bench_fleet.sh $(abspath $(TARGET)) $(ARGS)

fuzz: setup-fuzz ## random bytes for every parser of outside bytes; SECONDS=60 for each of them
	$(call step,fuzz,tests/fuzz/run.sh $(or $(SECONDS),60) $(abspath $(TARGET)/fuzz))

test-powercut: setup-test ## power cuts on a real file system under the whole agent at work; SEED=..., ROUNDS=20; 2 minutes
	$(call step,build,$(CARGO) build --workspace --bins)
	$(call step,power cuts,$(TARGET)/debug/motcua-powercut --rounds $(or $(ROUNDS),20) $(if $(SEED),--seed $(SEED)))

test-baddisk: setup-test ## the agent killed at its writes, on a failing disk, on a full one; SEED=..., ONE_IN=1; 15 minutes
	$(call step,build,$(CARGO) build --workspace --bins)
	$(call step,bad disks,$(TARGET)/debug/motcua-baddisk --one-in $(or $(ONE_IN),1) $(if $(SEED),--seed $(SEED)))

test-usb: setup-usb ## USB readers and printers through a real kernel in a virtual PC, plugged and unplugged; 1 minute
	$(call step,build,$(CARGO) build --workspace --bin motcua-usb)
	$(call step,USB devices,tests/usb/run.sh $(TARGET)/debug/motcua-usb)

test-kms: setup-kms ## the kiosk on a graphics card without a display server, and under a Wayland compositor, in a virtual PC; 10 minutes
	$(call step,build,$(CARGO) build --workspace --locked --bins --features motcua-kiosk/linuxkms)
	$(call step,screens,tests/kms/run.sh $(TARGET))

gallery: setup-demo ## pictures of every kiosk screen, size and contrast, and index.html, into target/gallery; DIR=... elsewhere; ARGS="--only slip"; 5 minutes
	$(call step,build,$(CARGO) build -p motcua-kiosk)
	@$(TARGET)/debug/motcua-kiosk --gallery $(or $(DIR),$(TARGET)/gallery) $(ARGS)

golden: ## the kiosk screens as they are drawn now become the right ones, once they were looked at; says which differ
	@GOLDEN=approve $(CARGO) test --workspace --locked --test golden every_picture -- --nocapture

setup-demo:
	$(call step,set-up,provisioning/setup/setup.sh demo)

setup-test:
	$(call step,set-up,provisioning/setup/setup.sh test)

setup-kms:
	$(call step,set-up,provisioning/setup/setup.sh kms)

setup-usb:
	$(call step,set-up,provisioning/setup/setup.sh usb)

setup-digitise:
	$(call step,set-up,provisioning/setup/setup.sh digitise)

setup-fuzz:
	$(call step,set-up,provisioning/setup/setup.sh fuzz)

fmt:
	$(call step,format,$(CARGO) fmt --all --check)

clippy:
	$(call step,lints,$(CARGO) clippy --workspace --all-targets --locked -- -D warnings)

deny:
	$(call step,licences and sources,provisioning/setup/deny.sh)

# Of tests that pass, the name and why they were skipped; of others everything.
told = awk '/^ +(PASS|FAIL|SLOW|LEAK|SIG|ABORT|TIMEOUT|TERMINATING)/ {quiet = /^ +PASS/; print; fflush(); next} /^ *(Summary|──)/ {quiet = 0} !quiet || /SKIPPED/ {print; fflush()}'

# Build first: the whole-process tests start binaries of other packages. All targets at once, so that
# features are unified as in the tests and nothing is built twice.
tests:
	$(call step,build,$(CARGO) build --workspace --all-targets --locked)
	$(call step,tests,if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace --locked --success-output immediate 2>&1 | $(told); else cargo test --workspace --locked --lib --bins --tests; fi)
	$(call step,documentation examples,$(CARGO) test --workspace --locked --doc)
