# The image of one model: the shared image of the model API, and one layer with the signed bundle and the pointer to it.
# `modelyard release build` writes the folder srv/ and says which shared image it stands on.
ARG RUNTIME
FROM ${RUNTIME}
COPY srv /srv/modelyard

ARG TITLE=unknown
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG DIGEST=unknown
ARG BUNDLE=unknown
ARG SBOM=unknown
ARG RUNTIME
LABEL org.opencontainers.image.title="${TITLE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${RUNTIME}" \
      modelyard.model.digest="${DIGEST}" \
      modelyard.bundle="${BUNDLE}" \
      modelyard.sbom="${SBOM}"
