# One image for every role of TraceProbe: agent, controller, aggregator and command line. scripts/image.sh builds it,
# also where no registry can be reached.
#
# What is built on and what the libraries of the image come from: Debian, of one release, so that both fit.
ARG BUILD_IMAGE=debian:trixie-slim
ARG RUNTIME_IMAGE=debian:trixie-slim

# --- Programs: BPF objects, native addons, bundles.
FROM ${BUILD_IMAGE} AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates clang llvm libbpf-dev libelf-dev zlib1g-dev libre2-dev pkg-config g++ make python3 nodejs \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /traceprobe
# npm by itself: Debian's is of 430 packages, and rewrites a lock file of today.
ARG NPM_VERSION=11.19.1
ARG NPM_INTEGRITY=sha512-ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==
COPY scripts/image/fetchNpm.js scripts/image/
RUN node scripts/image/fetchNpm.js "$NPM_VERSION" "$NPM_INTEGRITY" /usr/local/lib/npm \
    && ln -s /usr/local/lib/npm/bin/npm-cli.js /usr/local/bin/npm
# The packages by themselves: they change less often than the sources.
COPY package.json package-lock.json ./
RUN cp package-lock.json /tmp/ && npm install --no-audit --no-fund --cache /tmp/npm && rm -rf /tmp/npm \
    && diff /tmp/package-lock.json package-lock.json
COPY binding.gyp ./
COPY scripts/build.js scripts/
COPY scripts/building scripts/building
COPY bpf bpf
COPY native native
RUN cp "node_modules/node-linux-$(node -p process.arch)/bin/node" /usr/local/bin/ && node scripts/build.js
COPY src src
RUN node scripts/build.js

# --- The image's files: only what runs, of Debian only the libraries that are linked to. No shell, no package manager.
FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates libbpf1 libelf1t64 zlib1g libre2-11 libstdc++6 \
    && rm -rf /var/lib/apt/lists/*
COPY scripts/image /traceprobe/image
COPY --from=build /traceprobe/package.json /traceprobe/package-lock.json /traceprobe/
COPY --from=build /traceprobe/dist /traceprobe/dist
COPY --from=build /traceprobe/build/bpf /traceprobe/build/bpf
COPY --from=build /traceprobe/build/Release /traceprobe/build/Release
COPY --from=build /traceprobe/node_modules/@duckdb /traceprobe/node_modules/@duckdb
COPY --from=build /usr/local/bin/node /traceprobe/node
# Seconds since 1970 that all files are dated, so that the same sources make the same files.
ARG SOURCE_DATE_EPOCH=0
RUN /traceprobe/image/assembleRoot.sh /traceprobe /image "$SOURCE_DATE_EPOCH"

FROM scratch
COPY --from=runtime /image/ /
ENV PATH=/usr/local/bin NODE_ENV=production
# Controller and aggregator need no more; the agent's pod asks for uid 0, because capabilities are effective for it alone.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "/opt/traceprobe/dist/cli/main.js"]
LABEL org.opencontainers.image.title=traceprobe org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-only"
