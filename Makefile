# make demo and make test set everything up by themselves; Scripts/bootstrap does nothing the second time.
# There is one configuration (release) and one set of flags, so that a test and a demo share every object.

SWIFT ?= swift
DEPS := $(CURDIR)/.deps
FLAGS := -c release -Xlinker -rpath -Xlinker $(DEPS)/libtorch/lib
GLIP := .build/release/glip
SOURCES := Models Sources Tests Benchmarks Package.swift

DEMO ?= detect Examples/pictures/scene.jpg --caption "[a llama] above [a grey heart] and [a curling stone]" \
	--output demo-output

export PKG_CONFIG_PATH := $(DEPS)/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

.PHONY: help bootstrap swift build demo install test bench sanitize lint format docs clean distclean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

bootstrap: swift ## Install what the build needs: Debian packages, libtorch, the tagger's weights
	@Scripts/bootstrap

swift:
	@command -v $(SWIFT) >/dev/null || \
		{ echo "There is no '$(SWIFT)' here; Swift 6.1 or later is needed: https://www.swift.org/install" >&2; exit 1; }

build: bootstrap ## Build the glip command
	$(SWIFT) build $(FLAGS) --product glip

demo: build ## Find things on a picture
	$(GLIP) $(DEMO)

PREFIX ?= /usr/local
install: build ## Copy the command and what it needs into PREFIX (/usr/local), for all users
	install -d $(PREFIX)/bin $(PREFIX)/lib/glip
	cp -rL --remove-destination .build/release/glip $$(ls -d .build/release/*.resources | grep -v Tests) \
		.deps/tagger/english.tagger .deps/libtorch/lib/* $(PREFIX)/lib/glip/
	ln -sf ../lib/glip/glip $(PREFIX)/bin/glip

# One test after the other: libtorch's generator and thread counts belong to the whole process, and it
# computes on all cores anyway.
test: bootstrap ## Build and run all tests
	$(SWIFT) build $(FLAGS) --build-tests
	$(SWIFT) test $(FLAGS) --skip-build --no-parallel

bench: bootstrap ## Measure whole detections against a straightforward port
	$(SWIFT) build $(FLAGS) --product glip-benchmarks
	.build/release/glip-benchmarks compare

sanitize: bootstrap ## Run the tests of the tensor layer under AddressSanitizer
	Scripts/sanitize

lint: swift ## Check the style of the Swift code and the scripts
	$(SWIFT) format lint --strict -r $(SOURCES)
	@if command -v shellcheck >/dev/null; then shellcheck Scripts/bootstrap Scripts/corpus-materials Scripts/nano Scripts/sanitize Scripts/serving-load .ci/run; \
		else echo "shellcheck is not installed: the scripts are not checked"; fi

format: swift ## Format the Swift code
	$(SWIFT) format -i -r $(SOURCES)

docs: build ## Write the reference of the public API to .build/docs
	$(SWIFT) package $(FLAGS) dump-symbol-graph --minimum-access-level public --skip-synthesized-members
	docc convert Sources/GLIP/GLIP.docc --additional-symbol-graph-dir $$(dirname "$$(realpath .build/release)")/symbolgraph \
		--fallback-display-name GLIP --fallback-bundle-identifier glip --output-path .build/docs

clean: ## Remove what was built
	rm -rf .build demo-output

distclean: clean ## Remove what was fetched into the project, too (downloads stay in the user's cache folder)
	rm -rf .deps
