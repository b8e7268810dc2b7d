# Parley in a container: Debian slim, Node 24, production dependencies, no root. See docs/deploy.md.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are other copies of Node, which the image has.
RUN npm ci --omit=dev --omit=optional \
    # Types and source maps, 50 MB: nothing reads them here.
    && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.[cm]ts' -o -name '*.map' \) -delete

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json models.json .env.example ./
COPY bin bin
COPY src src
RUN mkdir /data && chown 1000:1000 /data
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    STORE_URL=sqlite:/data/parley.db \
    MODELS_FILE=/data/models.json \
    NODE_COMPILE_CACHE=/tmp/node
# Of the user `node`.
USER 1000:1000
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "bin/healthcheck.cjs"]
ENTRYPOINT ["node", "bin/container.cjs"]
