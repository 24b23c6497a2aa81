# syntax=docker/dockerfile:1
# The scaler and deployer: Pulumi's engine, this project's wheel, the program and the policies. Stack files are not in it:
#
#   docker run --rm --init --user "$(id -u)" -v "$PWD/stacks:/fleet/stacks" --env-file fleet.env IMAGE scaler up -s production -y
#
# docs/ci.md has the environment variables. Stages with $BUILDPLATFORM run without emulation.

FROM --platform=$BUILDPLATFORM buildpack-deps:bookworm-curl AS engine
ARG TARGETARCH
ARG PULUMI_VERSION=3.259.0
# The archives' SHA-256, to check more than the release's own list.
ARG PULUMI_SHA256_AMD64=
ARG PULUMI_SHA256_ARM64=
COPY scripts/ci/lib.sh scripts/ci/fetch-engine.sh /ci/
RUN case "$TARGETARCH" in amd64) sum=$PULUMI_SHA256_AMD64 ;; *) sum=$PULUMI_SHA256_ARM64 ;; esac \
  && /ci/fetch-engine.sh "$PULUMI_VERSION" "$TARGETARCH" /engine ${sum:+"$sum"}

FROM --platform=$BUILDPLATFORM python:3.11-slim-bookworm AS wheel
WORKDIR /src
COPY requirements.lock .
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.lock
COPY . .
RUN scripts/ci/runtime-lock.sh /build/bin/python >/runtime.lock \
  && /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /dist .

FROM python:3.11-slim-bookworm
# git: `sakura-fleet deploy` compares commits. openssh-client: ssh-keyscan, for hosts that are changed over SSH.
RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client && rm -rf /var/lib/apt/lists/*
WORKDIR /fleet
RUN --mount=type=bind,from=wheel,source=/runtime.lock,target=/tmp/runtime.lock \
  --mount=type=bind,from=wheel,source=/dist,target=/tmp/dist \
  python -m venv .venv \
  && .venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --no-deps -r /tmp/runtime.lock \
  && .venv/bin/pip install --no-cache-dir --no-deps /tmp/dist/*.whl \
  && .venv/bin/pip check
COPY --from=engine /engine/ .venv/bin/
COPY Pulumi.yaml __main__.py ./
COPY components components
COPY policies policies
# Any user may run it, as --user decides whose the stack files are. One without a name gets USER's, which the engine needs.
RUN mkdir -m 1777 stacks .state .pulumi /home/fleet \
  && useradd --uid 10001 --home-dir /home/fleet --no-create-home fleet
# For hosts that are changed over SSH; all else works without it.
ARG COMMAND_VERSION=1.2.1
RUN --mount=type=bind,source=scripts/command_plugin.py,target=/tmp/command_plugin.py \
  PULUMI_HOME=/fleet/.pulumi .venv/bin/python /tmp/command_plugin.py .venv/bin/pulumi "$COMMAND_VERSION" \
  || echo "this image is without the pulumi-command plugin"
ENV PATH=/fleet/.venv/bin:$PATH \
  HOME=/home/fleet \
  USER=fleet \
  PULUMI_HOME=/fleet/.pulumi \
  PYTHONDONTWRITEBYTECODE=1 \
  PULUMI_PARALLEL=64 \
  PULUMI_SKIP_CHECKPOINTS=true \
  PULUMI_SKIP_UPDATE_CHECK=true \
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
USER 10001
CMD ["scaler", "--help"]
