# Shows records as they happen, and analyses running sessions.
# `npm run images -- stream` makes the bundle and builds this image from the bundle's folder.
ARG BASE=gcr.io/distroless/nodejs24-debian13:nonroot
FROM ${BASE}

ARG VERSION=unknown
ARG REVISION=unknown
ARG BUNDLE=unknown
LABEL org.opencontainers.image.title="Wayward stream" \
      org.opencontainers.image.description="Shows records as they happen, and analyses running sessions." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      wayward.bundle.sha256="${BUNDLE}"

# The base decides where Node is: there, or in one of the usual places. More arenas of malloc keep what threads give back.
ENV PATH="/nodejs/bin:/usr/local/bin:/usr/bin:/bin" \
    NODE_ENV="production" \
    MALLOC_ARENA_MAX="2" \
    WAYWARD_HOST="0.0.0.0"
COPY app /app
WORKDIR /app
USER 65532:65532
EXPOSE 4610 4611
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "/app/health.js"]
# A larger young heap, as V8 would have it, only holds buffers of blocks that are done with.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/lib/main.js"]
