#!/bin/sh
# Hands the mounted secrets to the agent's user with the modes it asks for, then runs it as that user.
set -eu
run=/run/edge-agent
install -d -o edge-agent -g edge -m 0750 "$run"
if [ "${1:-run}" = run ]; then
  install -o edge-agent -g edge -m 0600 "${FRAPPE_KEY_FILE:-/run/secrets/frappe-key}" "$run/frappe.key"
  if [ -n "${MQTT_PASSWORD_FILE:-}" ]; then
    # The broker makes it at its first start.
    tries=0
    until [ -s "$MQTT_PASSWORD_FILE" ] || [ "$tries" -ge 60 ]; do
      tries=$((tries + 1))
      sleep 1
    done
    install -o edge-agent -g edge -m 0600 "$MQTT_PASSWORD_FILE" "$run/mqtt.pass"
  fi
  chown edge-agent:edge /var/lib/edge-agent
fi
exec setpriv --reuid=edge-agent --regid=edge --init-groups edge-agent "$@"
