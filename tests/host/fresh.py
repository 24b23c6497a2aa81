"""A host of its own as Debian's packages leave one behind, whatever runs on the machine below it.

Hosts of tests are overlays over this machine: programs and libraries are its own. What a Caddy in use, an edited sshd,
a firewall or a user's settings have put there must not be seen.
"""

from __future__ import annotations

from typing import Final

FRESH: Final = r"""
rm -rf /etc/caddy /var/lib/caddy /var/log/caddy
if id caddy >/dev/null 2>&1; then
  install -d /etc/caddy
  install -d -o caddy -g caddy /var/lib/caddy /var/log/caddy
  printf ':80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n' >/etc/caddy/Caddyfile
fi
rm -rf /etc/systemd/system/caddy* /etc/sysctl.d/60-caddy-quic.conf /etc/nftables.conf
rm -rf /etc/apt/sources.list.d/caddy* /usr/share/keyrings/caddy*
rm -rf /etc/ssh/sshd_config.d
install -d /etc/ssh/sshd_config.d
printf 'Include /etc/ssh/sshd_config.d/*.conf\n' >/etc/ssh/sshd_config
printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
for program in ufw firewall-cmd getenforce getsebool setsebool semanage restorecon; do
  rm -f /usr/bin/$program /usr/sbin/$program
done
mount -t tmpfs tmpfs /usr/local
install -d /usr/local/bin /usr/local/sbin /usr/local/lib
mount -t tmpfs tmpfs /srv
mount -t tmpfs tmpfs /run
install -d -m 755 /run/sshd /run/lock /run/home
"""
"""Shell, for root in namespaces of mounts where /etc, /usr and /var are overlays."""
HOME: Final = "/run/home"
"""An empty home for what root runs there, so that no settings of this machine's users are read."""
