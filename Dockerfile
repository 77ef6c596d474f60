# syntax=docker/dockerfile:1

# One static binary in an image that holds nothing else but CA certificates, time zones and a user to run as.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
# With .git, so that `sluice version` knows its commit.
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/sluice ./cmd/sluice

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/sluice /sluice
COPY configs /configs
USER 65532:65532
EXPOSE 8083
ENTRYPOINT ["/sluice"]
CMD ["worker", "/configs/worker.properties"]
