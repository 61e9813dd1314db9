FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /resolute . && mkdir /data && chown 65532:65532 /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /resolute /resolute
USER 65532:65532
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/resolute"]
CMD ["serve", "--data", "/data", "--addr", "0.0.0.0:8080"]
