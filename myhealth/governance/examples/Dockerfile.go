# The build stage is what CI's runner does natively; on a developer's machine Docker does it. It leaves what the image holds in /image.
FROM registry.myhealth.example/platform/runner@sha256:c31ddcca0e8caf8f9b9e28152c766e533a1213b495756279f6d9edee9b6da01f AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /image/app/ ./cmd/... \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

# The image: a program and the roots of trust. No shell, and an account that is nobody's.
FROM scratch
COPY --from=build /image /
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/app/records"]
CMD ["serve"]
