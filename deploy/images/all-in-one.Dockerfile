# All services in one process, and the wayward command.
# `npm run images -- all-in-one` makes the bundle and builds this image from the bundle's folder.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot
FROM ${BASE}

ARG VERSION=unknown
ARG REVISION=unknown
ARG BUNDLE=unknown
LABEL org.opencontainers.image.title="Wayward" \
      org.opencontainers.image.description="All services in one process, and the wayward command." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      wayward.bundle.sha256="${BUNDLE}"

# The base decides where Node is: there, or in one of the usual places. More arenas of malloc keep what threads give back.
ENV PATH="/nodejs/bin:/usr/local/bin:/usr/bin:/bin" \
    NODE_ENV="production" \
    MALLOC_ARENA_MAX="2" \
    WAYWARD_HOST="0.0.0.0" \
    WAYWARD_DATA="/data" \
    WAYWARD_SPOOL="/tmp/spool"
COPY app /app
# A new volume takes over whose its place was.
COPY --chown=65532:65532 data /data
VOLUME ["/data"]
WORKDIR /app
USER 65532:65532
EXPOSE 4610 4611
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "/app/health.js"]
ENTRYPOINT ["node", "/app/lib/main.js"]
CMD ["up"]
