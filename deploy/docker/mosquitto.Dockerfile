# The broker: Debian's Mosquitto with deploy/mosquitto.conf. From the top of the repository:
#   docker build -f deploy/docker/mosquitto.Dockerfile -t site-edge/mosquitto .
FROM debian:bookworm-slim
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends mosquitto openssl \
 && rm -rf /var/lib/apt/lists/*
COPY deploy/mosquitto.conf deploy/mosquitto.acl /usr/share/site-edge/
COPY --chmod=0755 deploy/docker/mosquitto-entrypoint.sh /usr/local/bin/mosquitto-entrypoint
VOLUME ["/var/lib/mosquitto", "/etc/mosquitto/site-edge"]
EXPOSE 8883
ENTRYPOINT ["/usr/local/bin/mosquitto-entrypoint"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD openssl s_client -connect 127.0.0.1:8883 -CAfile /etc/mosquitto/site-edge/ca.pem -verify_return_error </dev/null >/dev/null 2>&1
