#!/bin/bash
# @sacloud-once
# Makes this host serve HTTP/1.1, HTTP/2 and HTTP/3 with Caddy. For AlmaLinux and Rocky Linux 9 and 10, Debian 12 or newer,
# Ubuntu 24.04. Safe to run again: every step checks first, and says "changed" or "unchanged". Where a step fails, the
# script fails with its words, and what was served before is served on.
# As a startup script it runs at the first boot; over SSH it comes on stdin. The settings of the host:
# @SETTINGS@
set -euo pipefail
# Texts are searched whole (<<<): `program | grep -q` counts as failed when grep has seen enough before the end.

: "${CADDYFILE_BASE64:?the settings are missing}"
: "${ACME_NAMES=}"                    # names that must resolve to this host before Caddy asks for certificates
: "${ADDRESSES=}"                     # what they resolve to; empty: the addresses of this host's interfaces
: "${NAMES_DEADLINE=600}"             # seconds
: "${NAMES_PAUSE=5}"                  # seconds between two look-ups
: "${OPEN_PORTS=80/tcp 443/tcp 443/udp}"
: "${STORAGE=}"                       # a folder for certificates that several hosts share
: "${ACME_CA_ROOT_BASE64=}"           # the CA that the ACME server's own certificate is checked with
: "${BINARY_URL=}" "${BINARY_SHA256=}" # Caddy from here instead of a repository
: "${PASSWORD_LOGIN=off}"             # "keep" leaves sshd as it is
: "${LOCAL_CA=}"                      # not empty: print the root of Caddy's own CA

readonly CADDYFILE=/etc/caddy/Caddyfile RUN=/run/caddy LOGS=/var/log/caddy
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

main() {
  # shellcheck source=/dev/null
  . /etc/os-release
  case " $ID ${ID_LIKE:-} " in # Debian sets no ID_LIKE
  *" rhel "*) family=rhel ;;
  *" debian "*) family=debian ;;
  *) die "this is ${PRETTY_NAME:-$ID}; known are AlmaLinux, Rocky Linux, Debian and Ubuntu" ;;
  esac
  if [ -n "$BINARY_URL" ]; then pinned_binary; else package; fi
  folders
  service_settings
  kernel
  firewall
  selinux
  ssh_login
  sites
  local_ca
}

say() { printf 'caddy-host: %s\n' "$*"; }
die() {
  say "$*" >&2
  exit 1
}

# Installs stdin as the file $1 with mode $2 (and owner $3); true when that changed something.
put() {
  local new
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  if cmp -s "$new" "$1"; then
    rm -f "$new"
    return 1
  fi
  chown "${3:-root:root}" "$new"
  chmod "$2" "$new"
  mv -f "$new" "$1"
}

as_caddy() { runuser -u caddy -- env HOME="$(home)" "$@"; }
home() { getent passwd caddy | cut -d: -f6; }
data() { printf '%s' "${STORAGE:-$(home)/.local/share/caddy}"; }

# -- Caddy itself

package() {
  if command -v caddy >/dev/null && getent passwd caddy >/dev/null && systemctl cat caddy.service >/dev/null 2>&1; then
    say "caddy: unchanged"
    return
  fi
  case $family in
  rhel)
    dnf -y -q install dnf-plugins-core
    dnf -y -q copr enable @caddy/caddy "epel-${VERSION_ID%%.*}-$(uname -m)" # found by itself, the chroot was wrong before
    dnf -y -q install caddy
    ;;
  debian)
    apt_get update
    apt_get install ca-certificates curl
    curl -fsSL --retry 5 https://dl.cloudsmith.io/public/caddy/stable/gpg.key |
      put /usr/share/keyrings/caddy-stable-archive-keyring.asc 644 || true
    put /etc/apt/sources.list.d/caddy-stable.list 644 <<'LIST' || true
deb [signed-by=/usr/share/keyrings/caddy-stable-archive-keyring.asc] https://dl.cloudsmith.io/public/caddy/stable/deb/debian any-version main
LIST
    apt_get update
    apt_get install caddy
    ;;
  esac
  say "caddy: changed"
}

apt_get() { # at the first boot others use apt, too
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

pinned_binary() {
  local binary=/usr/local/bin/caddy new found changed=un
  if ! echo "$BINARY_SHA256  $binary" | sha256sum --check --status 2>/dev/null; then
    new=$(mktemp "$binary.XXXXXX")
    curl -fsSL --retry 5 -o "$new" "$BINARY_URL" || { rm -f "$new"; die "$BINARY_URL: the download failed"; }
    if ! echo "$BINARY_SHA256  $new" | sha256sum --check --status; then
      found=$(sha256sum <"$new")
      rm -f "$new"
      die "$BINARY_URL has the SHA-256 ${found%% *}, not $BINARY_SHA256; it was not installed"
    fi
    chmod 755 "$new"
    mv -f "$new" "$binary"
    if command -v restorecon >/dev/null; then restorecon "$binary"; fi
    changed=
    restart=1
  fi
  if ! getent passwd caddy >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/caddy --create-home --shell /usr/sbin/nologin caddy
    changed=
  fi
  if put /etc/systemd/system/caddy.service 644 <<'UNIT'; then
[Unit]
Description=Caddy
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
User=caddy
Group=caddy
ExecStart=/usr/local/bin/caddy run --adapter caddyfile --config /etc/caddy/Caddyfile
TimeoutStopSec=35s
LimitNOFILE=1048576
PrivateTmp=true
ProtectSystem=full
AmbientCapabilities=CAP_NET_ADMIN CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    changed=
  fi
  PATH=/usr/local/bin:$PATH # before one of a package
  say "caddy: ${changed}changed"
}

# -- The host around it

folders() {
  local changed=un
  for wanted in "/etc/caddy root 755" "$LOGS caddy 750" "$RUN caddy 755" ${STORAGE:+"$STORAGE caddy 750"}; do
    # shellcheck disable=SC2086 # three words
    set -- $wanted
    if [ ! -d "$1" ]; then
      install -d -o "$2" -g "$2" -m "$3" "$1"
      changed=
    fi
  done
  # A log that root made, as `caddy validate` does when root runs it, would stop the service.
  if [ -n "$(find "$LOGS" ! -user caddy -print -quit)" ]; then
    chown -R caddy:caddy "$LOGS"
    changed=
  fi
  if [ -n "$STORAGE" ] && ! as_caddy test -w "$STORAGE"; then
    die "$STORAGE: the user caddy may not write there; the certificates are to be kept there"
  fi
  if [ -n "$ACME_CA_ROOT_BASE64" ] && base64 -d <<<"$ACME_CA_ROOT_BASE64" | put /etc/caddy/acme-ca-root.pem 644; then
    changed=
  fi
  say "folders: ${changed}changed"
}

service_settings() {
  local changed=un
  install -d /etc/systemd/system/caddy.service.d
  if put /etc/systemd/system/caddy.service.d/10-caddy-host.conf 644 <<'UNIT'; then
[Service]
# The admin socket is in there.
RuntimeDirectory=caddy
Restart=on-failure
RestartSec=5s
# 1: the configuration is wrong, and will be so the next time
RestartPreventExitStatus=1
UNIT
    systemctl daemon-reload
    changed=
  fi
  say "service settings: ${changed}changed"
}

kernel() { # QUIC wants larger UDP buffers; tcp_migrate_req saves connections that are being opened during a reload
  local changed=un
  if put /etc/sysctl.d/60-caddy-quic.conf 644 <<'SYSCTL'; then
net.core.rmem_max = 7500000
net.core.wmem_max = 7500000
net.ipv4.tcp_migrate_req = 1
SYSCTL
    sysctl -q -p /etc/sysctl.d/60-caddy-quic.conf || say "kernel: not all of it is known here, which does no harm"
    changed=
  fi
  say "kernel: ${changed}changed"
}

firewall() {
  local changed=un port who=none
  if systemctl -q is-active firewalld; then
    who=firewalld
    for port in $OPEN_PORTS; do
      if ! firewall-cmd -q --permanent --query-port="$port"; then
        firewall-cmd -q --permanent --add-port="$port"
        changed=
      fi
    done
    if [ -z "$changed" ]; then firewall-cmd -q --reload; fi
  elif command -v ufw >/dev/null && grep -q '^Status: active' <<<"$(ufw status)"; then
    who=ufw
    for port in $OPEN_PORTS; do
      if ! grep -Eq "^$port +ALLOW" <<<"$(ufw status)"; then
        ufw allow "$port" >/dev/null
        changed=
      fi
    done
  elif command -v nft >/dev/null && systemctl -q is-active nftables; then
    who=nftables
    open_nftables && changed=
  fi
  say "firewall ($who): ${changed}changed"
}

# An accept in a separate table would not help: every table must let a packet in. So the rules go to the top of each
# chain that turns packets away, now and in the file that is loaded at boot. True when that changed something.
open_nftables() {
  local file=/etc/nftables.conf chain port rule opened=
  if [ ! -e "$file" ]; then file=/etc/sysconfig/nftables.conf; fi
  while read -r chain; do
    for port in $OPEN_PORTS; do
      rule="${port#*/} dport ${port%/*} accept comment \"caddy-host\""
      # shellcheck disable=SC2086 # family, table and chain are three words
      if ! grep -qF "$rule" <<<"$(nft list chain $chain)"; then
        nft insert rule $chain "$rule"
        opened=1
      fi
      if ! grep -qxF "insert rule $chain $rule" "$file"; then
        printf '%s\n' "insert rule $chain $rule" >>"$file"
        opened=1
      fi
    done
  done < <(nft list ruleset | awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2; input = refuses = 0 }
    / hook input / { input = 1 }
    input && /(^|[ \t])(drop|reject)([ \t;]|$)/ { refuses = 1 }
    $1 == "}" { if (input && refuses) print table, chain; input = refuses = 0 }')
  [ -n "$opened" ]
}

selinux() {
  local changed=un
  if ! command -v getenforce >/dev/null || [ "$(getenforce)" = Disabled ]; then
    say "selinux (none): unchanged"
    return
  fi
  command -v semanage >/dev/null || dnf -y -q install policycoreutils-python-utils
  if ! grep -q ' on$' <<<"$(getsebool httpd_can_network_connect)"; then # for reverse_proxy
    setsebool -P httpd_can_network_connect on
    changed=
  fi
  if ! grep -Eq '^http_port_t +udp .*\b443\b' <<<"$(semanage port -l)"; then
    semanage port -a -t http_port_t -p udp 443
    changed=
  fi
  label httpd_log_t "$LOGS" && changed=
  label httpd_var_run_t /var/run/caddy && changed= # the policy knows /run by this name
  if [ -z "$changed" ]; then restorecon -R "$LOGS" "$RUN"; fi
  say "selinux: ${changed}changed"
}

label() {
  if grep -F "$2(/.*)?" <<<"$(semanage fcontext -l)" | grep ":$1:" >/dev/null; then return 1; fi
  semanage fcontext -a -t "$1" "$2(/.*)?"
}

ssh_login() {
  local file=/etc/ssh/sshd_config.d/00-caddy-host.conf # the first word on a matter counts, so before all others
  if [ "$PASSWORD_LOGIN" = keep ] || ! command -v sshd >/dev/null || no_passwords; then
    say "ssh login: unchanged"
    return
  fi
  install -d -m 755 /etc/ssh/sshd_config.d
  put "$file" 644 <<'SSHD' || true
PasswordAuthentication no
KbdInteractiveAuthentication no
SSHD
  if ! sshd -t || ! no_passwords; then
    rm -f "$file"
    die "ssh login: sshd does not take $file; let /etc/ssh/sshd_config begin with: Include /etc/ssh/sshd_config.d/*.conf"
  fi
  systemctl reload sshd 2>/dev/null || systemctl reload ssh
  say "ssh login: changed"
}

no_passwords() {
  local found
  found=$(sshd -T 2>/dev/null) || return 1
  grep -qx 'passwordauthentication no' <<<"$found" && grep -qx 'kbdinteractiveauthentication no' <<<"$found"
}

# -- The sites

sites() {
  local new words active='' changed=un
  new=$(mktemp "$CADDYFILE.XXXXXX") # beside the old one, as imports are relative
  # shellcheck disable=SC2064 # its name as it is now
  trap "rm -f '$new'" EXIT
  base64 -d >"$new" <<<"$CADDYFILE_BASE64"
  chmod 644 "$new"
  # As root it would make logs and a local CA that the service may not read.
  if ! words=$(as_caddy caddy validate --adapter caddyfile --config "$new" 2>&1); then
    printf '%s\n' "$words" >&2
    die "sites: Caddy refuses the new configuration, see above; what was served before is served on"
  fi
  if ! systemctl -q is-enabled caddy; then
    systemctl -q enable caddy
    changed=
  fi
  if systemctl -q is-active caddy; then active=1; fi
  if [ -z "$active" ] || ! cmp -s "$new" "$CADDYFILE"; then wait_for_names; fi
  if ! cmp -s "$new" "$CADDYFILE"; then
    if [ -n "$active" ] && ! reload "$new"; then
      die "sites: Caddy did not take the new configuration, see above; what was served before is served on"
    fi
    mv -f "$new" "$CADDYFILE" # once it is served, so that a run which was killed before begins again here
    changed=
  fi
  if [ -z "$active" ]; then
    start start
    changed=
  elif [ -n "${restart:-}" ]; then
    start restart
  fi
  say "sites: ${changed}changed"
}

start() {
  if ! systemctl "$1" caddy; then
    journalctl -u caddy -n 20 --no-pager -o cat >&2 || true
    die "sites: Caddy does not $1, see above"
  fi
}

# Caddy answers commands where the configuration says that it serves now, or where it is told to be from now on.
reload() {
  local address words=
  for address in "$(admin_of "$CADDYFILE")" "$(admin_of "$1")" localhost:2019; do
    if words=$(as_caddy caddy reload --adapter caddyfile --config "$1" --address "$address" 2>&1); then return 0; fi
    grep -q ' dial ' <<<"$words" || break # it was heard, and refused
  done
  printf '%s\n' "$words" >&2
  return 1
}

admin_of() {
  local found
  found=$(as_caddy caddy adapt --adapter caddyfile --config "$1" 2>/dev/null |
    sed -n 's/.*"admin":{[^{}]*"listen":"\([^"]*\)".*/\1/p') || true
  printf '%s' "${found:-localhost:2019}"
}

# An order for a certificate fails while the name does not lead here, and the CA counts failures.
wait_for_names() {
  local end=$((SECONDS + NAMES_DEADLINE)) missing
  while missing=$(elsewhere) && [ -n "$missing" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      say "names: not resolved to this host within $NAMES_DEADLINE s:$missing. Caddy starts all the same and goes on trying"
      return
    fi
    sleep "$NAMES_PAUSE"
  done
}

# Those of the names that have no certificate yet and do not resolve to this host.
elsewhere() {
  local name here
  here=$(tr -s ' ' '\n' <<<"${ADDRESSES:-$(hostname -I)}" | grep .) || true
  for name in $ACME_NAMES; do
    if [ -n "$(find "$(data)/certificates" -name "$name.crt" -print -quit 2>/dev/null)" ]; then continue; fi
    if ! grep -qxF "$here" <<<"$(getent ahosts "$name" | cut -d' ' -f1)"; then printf ' %s' "$name"; fi
  done
}

local_ca() {
  local root end=$((SECONDS + 30))
  if [ -z "$LOCAL_CA" ]; then return; fi
  root=$(data)/pki/authorities/local/root.crt
  until [ -s "$root" ]; do # Caddy makes it once it has started
    if [ "$SECONDS" -ge "$end" ]; then die "Caddy has not made its own CA, $root, within 30 s"; fi
    sleep 0.2
  done
  printf 'local-ca: %s\n' "$(base64 -w 0 "$root")"
}

# One at a time; what is started here does not inherit the lock. What comes on stdin is this script.
(
  flock 9
  main </dev/null 9>&-
) 9>/run/caddy-host.lock
exit
