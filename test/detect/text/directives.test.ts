import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Lines of settings that begin with words of their program. What stands there may be as weak as people make it.

const kit = makeKit(31);
const V = ["harbor", "4711"].join("");
const K = kit.base64(44);
const LOGIN = Buffer.from(`ada:${V}`).toString("base64");

test.each([
  ["nginx.conf", `location / { proxy_set_header Authorization "Basic ${LOGIN}"; proxy_pass http://app; }`],
  ["nginx.conf", `secure_link_md5 "$secure_link_expires$uri ${V}";`],
  ["nginx.conf", `redis2_query auth ${V};`],
  ["httpd.conf", `ProxyPass / ajp://10.0.0.2:8009/ secret=${V}`],
  ["httpd.conf", `OIDCCryptoPassphrase ${V}`],
  ["haproxy.cfg", `    stats auth "ada:${V}"`],
  ["haproxy.cfg", `option httpchk GET / HTTP/1.1\\r\\nAuthorization:\\ Basic\\ ${LOGIN}`],
  ["haproxy.cfg", `tcp-check send AUTH\\ ${V}\\r\\n`],
  ["recovery.conf", `primary_conninfo = 'host=db user=app password=''${V}'' '`],
  ["pgbouncer.ini", `* = host=db auth_user=app password='${V}'`],
  ["main.cf", `smtp_sasl_password_maps = static:ada:${V}`],
  ["sip.conf", `register => 4912345:${V}@sip.shop.test/100`],
  ["snmpd.conf", `rocommunity ${V} 10.0.0.0/8`],
  ["Caddyfile", `header_up Authorization "Basic ${LOGIN}"`],
  ["raddb/users", `ada  Cleartext-Password := ${V}`],
  ["switch.cfg", `radius server one\n address ipv4 10.0.0.2\n key ${V}`],
  ["switch.cfg", `ip ospf message-digest-key 1 md5 ${V}`],
  ["switch.cfg", `ntp authentication-key 1 md5 ${V}`],
  ["switch.cfg", `snmp-server user mon grp v3 auth sha ${V} priv aes 128 ${V}`],
  ["switch.cfg", `standby 1 authentication md5 key-string ${V}`],
  ["junos.conf", `set security ike policy p pre-shared-key ascii-text "${V}"`],
  ["junos.conf", `set system login user ada authentication plain-text-password-value "${V}"`],
  ["fortigate.conf", `        set passwd ${V}`],
  ["fortigate.conf", `        set passphrase "${V}"`],
  ["mikrotik.rsc", `/ppp secret\nadd name=ada password=${V} service=l2tp`],
  ["mikrotik.rsc", `/radius add address=10.0.0.2 secret=${V} service=ppp`],
  ["root/.mysql_history", `ALTER\\040USER\\040'app'@'%'\\040IDENTIFIED\\040BY\\040'${V}';`],
  ["config.fish", `set -gx DB_PASSWORD "${V}"`],
  ["map.bat", `net use Z: \\\\nas\\data /user:ada ${V}`],
  ["map.ps1", `cmdkey /add:nas /user:ada /pass:${V}`],
])("%s: %s", (path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([V]);
});

test.each([
  ["fortigate.conf", `        set psksecret ENC ${K}`],
  ["fortigate.conf", `        set password ENC ${K}`],
])("what can be read again is a secret, as far as it goes: %s: %s", (path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([K]);
});

test.each([
  ["haproxy.cfg", "stats auth ada:%[env(PW)]\nhttp-request set-header X-Api-Token %[env(TOKEN)]"],
  ["nginx.conf", 'secure_link_md5 "$secure_link_expires$uri$remote_addr $secret";\nif ($arg_token != $expected) { }'],
  ["fortigate.conf", "set type password\nset minimum-password-length 8"],
  ["snmpd.conf", "rocommunity public"],
  ["switch.cfg", "service password-encryption\nno enable password\nsecurity passwords min-length 10"],
  ["app.ini", "name = ''\npassword = ''"],
  ["named.conf", 'key "ddns" {\n  algorithm hmac-sha256;\n};'],
])("%s says nothing: %s", (path, text) => {
  expect(alarmsIn(path, `${text}\n`)).toEqual([]);
});
