# Postern. `make run` starts the demonstration, `make test` runs everything. See README.md.

PREFIX ?= /usr/local
DESTDIR ?=
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# Tests, benchmarks and fuzzing see loopback and nothing else.
ISOLATED := Tests/isolated.sh

BUILD_PACKAGES := libclamav-dev libyara-dev libunbound-dev libargon2-dev libseccomp-dev libsqlite3-dev libssl-dev gcc make
TEST_PACKAGES := argon2 nsd ldnsutils postfix libsasl2-modules swaks libnet-ssleay-perl msmtp curl openssl iproute2 util-linux \
	binutils g++ python3 procps abigail-tools clamav-testfiles clamav-daemon clamdscan yara libmilter-dev
# What the benchmarks need beside those of the tests.
BENCH_PACKAGES := libgmime-3.0-dev pkg-config
# They exclude Postfix as installed packages.
SEPARATE_PACKAGES := opensmtpd exim4-daemon-light

.PHONY: all build run test abi bench bench-sessions bench-queue bench-destinations bench-plugins bench-filters bench-mime powercut fuzz sanitize format lint deps build-deps install clean stage-debug

all: build

deps: build-deps
	@Tests/install-packages.sh $(TEST_PACKAGES)
	@Tests/extract-packages.sh .build/mail-servers $(SEPARATE_PACKAGES)

build-deps:
	@Tests/install-packages.sh $(BUILD_PACKAGES)

# What can be run and installed: build/bin, build/plugins, build/sdk.
build: build-deps
	swift build -c release --product postern
	swift build -c release --product postern-worker
	swift build -c release --product greylist
	swift build -c release --product rbl
	swift build -c release --product clamav-filter
	swift build -c release --product yara-filter
	@Tests/stage.sh release build

# The demonstration: loopback only, DNS from a file, a sink as next hop. Data under ./.postern
run: build
	build/bin/postern run

stage-debug: deps
	swift build --build-tests
	@Tests/stage.sh debug .build/stage

# The C headers against the recorded ABI: see SDK/abi/README.md.
abi: deps
	@SDK/abi/check.sh

test: stage-debug lint abi
	@# One after the other: end-to-end tests wait for processes, and would hold the threads that the others need.
	Tests/run.sh --skip EndToEndTests
	Tests/run.sh --filter EndToEndTests

bench: deps build
	swift build -c release --product StoreBenchmark
	swift build -c release --product StateBenchmark
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) python3 Tests/Benchmarks/latency.py
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) Tests/Benchmarks/run.sh
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) Tests/Benchmarks/sessions.sh

bench-sessions: deps build
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) Tests/Benchmarks/sessions.sh

# COUNTS: messages in the queue.
COUNTS ?= 0,100000,1000000
bench-queue: deps build
	swift build -c release --product QueueBenchmark
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) python3 Tests/Benchmarks/Queue/queue.py --counts $(COUNTS)

# Eight of ten destinations beside a dead and a slow one.
bench-destinations: deps build
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) python3 Tests/Benchmarks/destinations.py

# A filter that does nothing, in both homes, beside a milter.
bench-plugins: deps build
	swift build -c release --product PluginBenchmark
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) Tests/Benchmarks/Plugins/plugins.sh

# clamav and yara in workers, beside clamd and the yara command.
bench-filters: deps build
	swift build -c release --product PluginBenchmark
	POSTERN_STAGE=$(CURDIR)/build $(ISOLATED) python3 Tests/Benchmarks/Plugins/filters.py

# Messages taken apart and decoded, beside GMime; then what no person sends.
bench-mime: deps
	@Tests/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product MIMEBenchmark
	$(ISOLATED) python3 Tests/Benchmarks/MIME/mime.py
	$(ISOLATED) python3 Tests/Benchmarks/MIME/mime.py --stress

# A power cut at every sync of a start and of a load, before it and after it, CUTS more at random times, CUTS kills, and CUTS on a disk that
# fails: about 30 minutes.
CUTS ?= 100
powercut: stage-debug
	POSTERN_STAGE=$(CURDIR)/.build/stage $(ISOLATED) python3 Tests/PowerCut/powercut.py --every --cuts $(CUTS)
	POSTERN_STAGE=$(CURDIR)/.build/stage $(ISOLATED) python3 Tests/PowerCut/powercut.py --kill --cuts $(CUTS)
	POSTERN_STAGE=$(CURDIR)/.build/stage $(ISOLATED) python3 Tests/PowerCut/powercut.py --faults --cuts $(CUTS)
	POSTERN_STAGE=$(CURDIR)/.build/stage $(ISOLATED) python3 Tests/PowerCut/state.py --cuts $(CUTS)

# TIME: seconds for each target. The gateway that the last one speaks to is the debug build.
TIME ?= 60
fuzz: stage-debug
	TIME=$(TIME) Tests/Fuzz/fuzz.sh
	POSTERN_STAGE=$(CURDIR)/.build/stage $(ISOLATED) python3 Tests/Fuzz/Live/live.py --seconds $(TIME) --seed $$(date +%s)

# ThreadSanitizer and AddressSanitizer: an hour and more, see Tests/Sanitizers/README.md.
KINDS ?= thread address
sanitize: deps
	Tests/Sanitizers/sanitize.sh $(KINDS)

format:
	swift format -i -r Package.swift Core Plugins SDK Tests examples

lint:
	swift format lint -s -r Package.swift Core Plugins SDK Tests examples

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/postern/plugins $(DESTDIR)$(PREFIX)/lib/postern/runtime \
		$(DESTDIR)$(PREFIX)/share/postern
	install -m 755 build/bin/postern $(DESTDIR)$(PREFIX)/bin/postern
	install -m 755 build/bin/postern-worker $(DESTDIR)$(PREFIX)/bin/postern-worker
	install -m 755 build/lib/postern/runtime/*.so* $(DESTDIR)$(PREFIX)/lib/postern/runtime/
	install -m 644 build/plugins/* $(DESTDIR)$(PREFIX)/lib/postern/plugins/
	cp -R build/sdk $(DESTDIR)$(PREFIX)/share/postern/

clean:
	rm -rf .build build
