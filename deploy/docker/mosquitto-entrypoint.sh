#!/bin/sh
# First start: makes a certificate authority of the site, the broker's certificate, and a user with a random password
# for the agent and for each device named in MQTT_USERS. All of it stays in the volume; what is there is never replaced.
set -eu
site=/etc/mosquitto/site-edge
name=${BROKER_NAME:-mosquitto}
umask 077
mkdir -p "$site/passwords"

if [ ! -f "$site/ca.pem" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=Site Edge site CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$site/ca.key" -out "$site/ca.pem" 2>/dev/null
fi
if [ ! -f "$site/broker.pem" ]; then
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout "$site/broker.key" -out "$site/broker.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$name" >"$site/san"
  openssl x509 -req -in "$site/broker.csr" -CA "$site/ca.pem" -CAkey "$site/ca.key" -CAcreateserial -days 825 \
    -extfile "$site/san" -out "$site/broker.pem" 2>/dev/null
  rm -f "$site/broker.csr" "$site/san"
fi
touch "$site/passwd"
for user in edge-agent ${MQTT_USERS:-}; do
  [ -f "$site/passwords/$user" ] && continue
  openssl rand -hex 24 >"$site/passwords/$user"
  mosquitto_passwd -b "$site/passwd" "$user" "$(cat "$site/passwords/$user")"
done
[ -f "$site/acl" ] || cp /usr/share/site-edge/mosquitto.acl "$site/acl"

# The CA is for everybody in the volume, keys and passwords are not.
chmod 0755 "$site"
chmod 0644 "$site/ca.pem"
chown -R mosquitto "$site/passwd" "$site/acl" "$site/broker.key" "$site/broker.pem" /var/lib/mosquitto
install -d -o mosquitto /run/mosquitto
# A container's log is its standard error.
sed 's/^log_dest syslog/log_dest stderr/' /usr/share/site-edge/mosquitto.conf >/etc/mosquitto/mosquitto.conf
chmod 0644 /etc/mosquitto/mosquitto.conf
exec mosquitto -c /etc/mosquitto/mosquitto.conf
