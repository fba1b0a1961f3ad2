import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Files of one program, in which a password is known by its place alone: it may be as weak as people make it.

const kit = makeKit(29);
const V = ["harbor", "4711"].join("");

test.each([
  ["etc/ppp/chap-secrets", `# client server secret IP\nada l2tpd ${V} *`],
  ["etc/ppp/pap-secrets", `"ada@isp.test" * "${V}"`],
  ["etc/davfs2/secrets", `https://dav.shop.test/ ada ${V}`],
  ["etc/ipsec.secrets", `: PSK "${V}"`],
  ["etc/ipsec.secrets", `2001:db8::1 %any : PSK ${V}`],
  ["etc/ipsec.secrets", `ada : EAP "${V}"`],
  ["etc/ipsec.d/shop.secrets", `: RSA server.key "${V}"`],
  ["etc/openvpn/auth.txt", `ada\n${V}\n`],
  ["etc/openvpn/login.conf", `p1234567\r\n${V}\r\n`],
  ["root/shop.ovpn", `client\nremote vpn.shop.test 1194\n<auth-user-pass>\nada\n${V}\n</auth-user-pass>`],
  ["etc/exim4/passwd.client", `*.shop.test:relay:${V}`],
  ["etc/dovecot/users", `ada@shop.test:{PLAIN}${V}::::::`],
  ["etc/fstab", `//nas/data /mnt cifs username=app,password=${V},uid=0 0 0`],
  ["etc/fetchmailrc", `poll mail.shop.test protocol IMAP user "ada" password "${V}"`],
  ["etc/msmtprc", `account shop\npassword ${V}`],
  ["etc/snmp/snmpd.conf", `createUser ada SHA "${V}" AES`],
  ["srv/ks.cfg", `rootpw --plaintext ${V}`],
  ["srv/ks.cfg", `user --name=ada --password=${V} --plaintext`],
  ["srv/preseed.cfg", `d-i passwd/root-password password ${V}`],
  ["etc/config/wireless", `config wifi-iface\n\toption ssid 'Shop'\n\toption key '${V}'`],
  ["srv/passwords.txt", `root / ${V}`],
  ["srv/shop-logins.txt", `db1 root ${V}`],
  // The same of a user of a machine in the cloud.
  ["user-data.yaml", `#cloud-config\nruncmd:\n  - echo 'root:${V}' | chpasswd`],
])("%s: %s", (path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([V]);
});

test.each([
  ["etc/ppp/chap-secrets", "# client\tserver\tsecret\tIP addresses\n# ada l2tpd secret99 *"],
  ["etc/ipsec.secrets", ': RSA server.key\n: RSA server.key %prompt\ninclude ipsec.*.secrets\n# : PSK "shared"'],
  ["etc/openvpn/login.conf", "client\ndev tun\nproto udp"],
  ["etc/openvpn/auth.sh", "set -e\nexit 1"],
  ["etc/fstab", "//nas/data /mnt cifs credentials=/root/.smb,uid=0 0 0"],
  ["etc/snmp/snmpd.conf", "createUser ada\nrouser ada authPriv"],
  ["srv/ks.cfg", "rootpw --lock\nauth --enableshadow --passalgo=sha512"],
  ["srv/preseed.cfg", "d-i passwd/make-user boolean false"],
  ["etc/config/wireless", "config wifi-iface\n\toption encryption 'none'\n\toption key_file '/etc/wifi.key'"],
  ["srv/passwords.txt", "monkey123\nqwerty456\n# ada: monkey123\nAll of them are kept in Vault2024"],
  ["etc/msmtprc", 'passwordeval "gpg -q -d ~/.msmtp.gpg"'],
])("%s says nothing: %s", (path, text) => {
  expect(alarmsIn(path, `${text}\n`)).toEqual([]);
});

const W = `${kit.base62(14)}7bQ`;

test.each([
  [
    "words of a command in a list",
    "deployment.yaml",
    `livenessProbe:\n  exec:\n    command: ["redis-cli", "-a", "${W}", "ping"]`,
  ],
  ["words of a command in a list", "Dockerfile", `HEALTHCHECK CMD ["mysqladmin", "-p${W}", "ping"]`],
  [
    "pairs of a file that is called as settings are",
    "env.json",
    `{"values": [{"key": "DB_PASSWORD", "value": "${W}"}]}`,
  ],
  ["a command of a notebook", "keys.ipynb", `{ "source": ["!redis-cli -a ${W} ping\\n"] }`],
  ["a name that an arrow assigns to", "db.r", `db_password <- "${W}"`],
])("%s, in %s", (_, path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([W]);
});
