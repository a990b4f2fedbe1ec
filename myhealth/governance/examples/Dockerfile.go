# CI's runner does natively what the build stage says; on a developer's machine Docker does it. It leaves static programs in /out.
FROM registry.myhealth.example/platform/runner@sha256:c31ddcca0e8caf8f9b9e28152c766e533a1213b495756279f6d9edee9b6da01f AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/ ./cmd/...

# The image: a program and the roots of trust. No shell, and an account that is nobody's. What is executed lies under /app: the tenant's
# runtime policy holds it to that.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/records /app/records
EXPOSE 8080
USER 65532:65532
ENTRYPOINT ["/app/records"]
CMD ["serve"]
