# A static binary in an empty image: no shell, no package, nobody but user 65532. Run it with a
# read-only root file system; it writes to /var/lib/stackhand only.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /stackhand ./cmd/stackhand \
 && mkdir -p /state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build --chown=65532:65532 /state /var/lib/stackhand
COPY --from=build /stackhand /stackhand
USER 65532:65532
WORKDIR /var/lib/stackhand
VOLUME /var/lib/stackhand
ENV STACKHAND_CONFIG=/etc/stackhand/stackhand.yaml
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/stackhand", "health"]
ENTRYPOINT ["/stackhand"]
CMD ["serve"]
