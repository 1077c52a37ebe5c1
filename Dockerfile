# The daemon as an image. Every npm step here is also run, outside of a container, by test/integration/image.test.ts.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM node:24-slim AS runtime
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY --from=build /app/dist ./dist
COPY config ./config
# A new volume inherits this owner.
RUN mkdir -p /etc/gruard /var/lib/gruard && chown 65532:65532 /var/lib/gruard

# Slabs take half of the container's memory (limits.memory: auto); 65 % of the other half is for the JavaScript heap.
# The rest is for fetch buffers and the kernel. The value counts for each thread: with more than two lanes set it lower,
# e.g. -e NODE_OPTIONS=--max-old-space-size-percentage=16.
ENV NODE_OPTIONS=--max-old-space-size-percentage=32
# 4 + the number of lanes: gzip of /metrics and writing of checkpoints must not wait for each other.
ENV UV_THREADPOOL_SIZE=8
ENV STATE_DIRECTORY=/var/lib/gruard

ARG VERSION=unknown
ARG COMMIT=unknown
ENV GRUARD_COMMIT=$COMMIT
LABEL org.opencontainers.image.title="gruard" \
      org.opencontainers.image.description="Watches numeric streams on Kafka and tells which values are anomalous." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT" \
      org.opencontainers.image.base.name="docker.io/library/node:24-slim"

USER 65532:65532
# All that is written; the rest works on a read-only root.
VOLUME /var/lib/gruard
EXPOSE 9464
STOPSIGNAL SIGTERM
# With http.tls, too, whose certificate is for other names than this address.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const ask = (by) => new Promise((ok, no) => require(by).get({ host: '127.0.0.1', port: 9464, path: '/healthz', rejectUnauthorized: false }, (answer) => ok(answer.statusCode === 200)).on('error', no)); ask('http').catch(() => ask('https')).then((ok) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
# Who reaches the container's port is up to whoever publishes it; http.auth in the configuration still holds.
CMD ["run", "/etc/gruard", "--listen", "0.0.0.0:9464", "--anonymous"]
