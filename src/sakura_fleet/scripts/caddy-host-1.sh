#!/bin/bash
# @sacloud-once
# Makes this server serve HTTP/1.1, HTTP/2 and HTTP/3 with Caddy. Safe to run again: every step looks first.
set -euo pipefail

exec 9>/run/caddy-host.lock
flock 9

# Installs stdin as the file $1 with mode $2 and owner $3; true when that changed something.
put() {
  local new
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  if cmp -s "$new" "$1"; then
    rm -f "$new"
    return 1
  fi
  chown "$3" "$new"
  chmod "$2" "$new"
  mv -f "$new" "$1"
}

# shellcheck source=/dev/null
. /etc/os-release
like="$ID ${ID_LIKE:-}" # Debian sets no ID_LIKE
case "$like" in
*rhel*)
  if ! rpm -q caddy >/dev/null; then
    dnf -y install dnf-plugins-core
    dnf -y copr enable @caddy/caddy "epel-${VERSION_ID%%.*}-$(arch)"
    dnf -y install caddy
  fi
  ;;
*debian* | *ubuntu*)
  if ! dpkg -s caddy >/dev/null 2>&1; then
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -qy install caddy
  fi
  ;;
esac

# QUIC wants larger UDP buffers, and tcp_migrate_req saves connections that are being opened during a reload.
if put /etc/sysctl.d/60-caddy-quic.conf 644 root:root <<'SYSCTL'; then
net.core.rmem_max = 7500000
net.core.wmem_max = 7500000
net.ipv4.tcp_migrate_req = 1
SYSCTL
  sysctl -q --system || true # an older kernel lacks the last one
fi

if systemctl -q is-active firewalld; then
  for service in http https; do
    firewall-cmd -q --permanent --add-service="$service"
  done
  firewall-cmd -q --permanent --add-port=443/udp
  firewall-cmd -q --reload
elif command -v ufw >/dev/null && ufw status | grep -q '^Status: active'; then
  ufw allow 80/tcp
  ufw allow 443/tcp
  ufw allow 443/udp
fi

install -d -o caddy -g caddy -m 750 /var/log/caddy
caddyfile=$(mktemp)
base64 -d >"$caddyfile" <<<"@CADDYFILE_BASE64@"
chmod 644 "$caddyfile"
runuser -u caddy -- caddy validate --adapter caddyfile --config "$caddyfile"
changed=
if put /etc/caddy/Caddyfile 644 root:root <"$caddyfile"; then
  changed=1
fi
rm -f "$caddyfile"

systemctl -q enable caddy
if ! systemctl -q is-active caddy; then
  systemctl start caddy
elif [ -n "$changed" ]; then
  runuser -u caddy -- caddy reload --adapter caddyfile --config /etc/caddy/Caddyfile
fi
