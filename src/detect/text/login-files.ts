/** Files of one program in which a place alone says that a password stands there, as data. */

/** How a line of a known file gives its secret. */
export type LinePattern = {
  /** Group `value`; group `name` where the line has one. */
  readonly pattern: RegExp;
  readonly name: string;
  /** Whether it has to look like a password. */
  readonly typed?: true;
  /** The rule of whatever stands there, as long as it is no reference and no placeholder; null: it has to look like one. */
  readonly rule: string | null;
  readonly why: string;
};

const password = (pattern: RegExp, why: string): LinePattern => ({ pattern, name: "password", rule: "password", why });

/** Three words of a line, of which the third is the password. */
const THIRD =
  /^(?![ \t]{0,8}#)[ \t]{0,8}(?:"[^"\r\n]{1,100}"|[^\s"#]{1,200})[ \t]{1,40}(?:"[^"\r\n]{1,100}"|[^\s"]{1,200})[ \t]{1,40}"?(?<value>(?<=")[^"\r\n]{3,200}|[^"\s]{3,200})/gm;

/**
 * By the end of the path. Sources: pppd(8), ipsec.secrets(5), OpenVPN's reference (auth-user-pass), davfs2.conf(5), Exim's
 * passwd.client(5), Dovecot's "Passwd-file", fstab(5) with mount.cifs(8), fetchmail(1), msmtp(1), snmpd.conf(5), Red Hat's
 * Kickstart reference, Debian's installation guide (preseeding), OpenWrt's UCI.
 */
const FILES: readonly (readonly [path: string, form: LinePattern])[] = [
  ["(?:chap|pap|l2tp)-secrets", password(THIRD, "the password of a list of pppd's")],
  ["davfs2?/secrets", password(THIRD, "the password of a list of davfs2's")],
  [
    String.raw`(?:[\w.-]{0,60}\.)?ipsec[\w.-]{0,40}secrets(?:\.d/[\w.-]{1,80})?|ipsec\.d/[\w.-]{1,60}\.secrets`,
    password(
      /^(?![ \t]{0,8}#)(?:[^\n]{0,200}[ \t])?:[ \t]{0,8}(?:(?:PSK|EAP|XAUTH|NTLM)|(?:RSA|ECDSA|BLISS|P12|PKCS8|PKCS12)[ \t]{1,8}[^\s"]{1,200})[ \t]{1,8}"?(?<value>(?<=")[^"\r\n]{3,200}|[^"%\s][^"\s]{2,200})/gm,
      "the secret of a list of IPsec's",
    ),
  ],
  [
    String.raw`(?:(?:open)?vpn[\w-]{0,20}|ovpn|client)/[\w.-]{0,40}(?:auth|login|pass|cred|user)[\w.-]{0,40}|(?:(?:open)?vpn|ovpn)[-_.]?(?:auth|login|pass|cred)[\w.-]{0,30}|auth-user-pass[\w.-]{0,20}`,
    password(
      /^[^\s#=:<>"'{}()[\]]{2,100}\r?\n(?<value>[^\s=<>#{}()[\]"'][^\s<>"'{}]{2,200})(?![^\n]*\S)\s{0,8}$/g,
      "the password below a user's name",
    ),
  ],
  [
    String.raw`[\w. -]{1,100}\.ovpn|(?:openvpn|client|server)/[\w.-]{1,80}\.conf`,
    password(
      /<(?:auth-user-pass|http-proxy-user-pass)>\s{0,8}[^\s<>]{1,100}\s{1,8}(?<value>[^\s<>]{3,200})\s{0,8}<\//g,
      "the password below a user's name",
    ),
  ],
  [
    "passwd\\.client",
    password(/^(?!#)[^:\s]{1,200}:[^:\s]{1,100}:(?<value>[^\s:]{3,200})/gm, "the password for a relay of Exim"),
  ],
  [
    String.raw`(?:freeradius|raddb|files)/(?:users|authorize)`,
    password(
      /\b(?:Cleartext|User|NT|LM|Crypt|SHA|SSHA|MD5|SMD5)\d?-Password[ \t]{0,4}:?=[ \t]{0,4}"?(?<value>(?<=")[^"\r\n]{3,200}|[^"\s,]{3,200})/g,
      "the password of a list of RADIUS' users",
    ),
  ],
  [
    String.raw`dovecot/(?:users|passwd)[\w.-]{0,40}`,
    password(
      /^(?!#)[^:\s]{1,200}:(?:\{(?:PLAIN|CLEAR|CLEARTEXT|PLAIN-MD5)\})?(?<value>[^\s:]{3,256})/gm,
      "the password of a list of Dovecot's users",
    ),
  ],
  [
    String.raw`(?:[\w.-]{0,40}[._-])?(?:pass(?:words?|wd)|credentials?|creds|logins?|accounts?|zugangsdaten)(?:[._-][\w-]{0,30})?\.(?:txt|lst|list)`,
    {
      ...password(
        /^(?![#;/])(?:[^\s:=|,;/#]{1,80}[ \t]{0,8}[:=|,;/\t ][ \t]{0,8}){1,3}(?<value>[^\s:=|,;/]{6,64})[ \t]{0,8}\r?$/gm,
        "behind a name in a list of passwords",
      ),
      typed: true,
    },
  ],
  [
    String.raw`fstab|autofs/auto\.[\w.-]{1,40}|etc/auto\.[\w.-]{1,40}|[\w.@-]{1,100}\.(?:auto)?mount`,
    password(/(?<=[\s,=])(?:password|passwd|pass)=(?<value>[^\s,"']{3,200})/g, "the password of a mounted share"),
  ],
  [
    String.raw`\.?fetchmailrc`,
    password(
      /\s(?:password|pass)[ \t]{1,8}["']?(?<value>(?<=["'])[^"'\r\n]{3,200}|[^"'\s]{3,200})/g,
      "the password of an account that fetchmail reads",
    ),
  ],
  [
    String.raw`\.?msmtprc|msmtp/config`,
    password(
      /^[ \t]{0,8}password[ \t]{1,8}"?(?<value>(?<=")[^"\r\n]{3,200}|[^"\s]{3,200})/gm,
      "the password for a relay of msmtp",
    ),
  ],
  [
    String.raw`snmpd?/snmpd[\w.-]{0,20}\.conf|snmpd\.conf`,
    password(
      /[ \t](?:MD5|SHA(?:-\d{3})?|AES(?:-?\d{3})?|DES)[ \t]{1,8}"?(?<value>(?<=")[^"\r\n]{3,200}|[^"\s]{3,200})/g,
      "the passphrase of a user of SNMP",
    ),
  ],
  [
    String.raw`(?:anaconda-)?ks[\w.-]{0,40}\.cfg|[\w.-]{1,80}\.ks(?:\.cfg)?|kickstart/[\w.-]{1,80}`,
    password(
      /^[ \t]{0,8}(?:(?:rootpw|sshpw)[ \t](?:[^\n]{0,100}[ \t])?|[a-z]{2,12}[ \t][^\n]{0,200}?--(?:password|passphrase)=)["']?(?<value>[^\s"'-][^\s"']{2,200})/gm,
      "the password of an installation by Kickstart",
    ),
  ],
  [
    String.raw`(?:[\w.-]{0,60}[._-])?preseed[\w.-]{0,40}|preseed/[\w.-]{1,80}|[\w.-]{1,80}\.seed`,
    password(
      /^[ \t]{0,4}[\w-]{1,30}[ \t]{1,8}[\w./-]{0,80}(?:password|passphrase|passwd)(?:-again|-crypted)?[ \t]{1,8}(?:password|string)[ \t]{1,8}(?<value>\S{3,200})/gm,
      "the password of an installation by preseeding",
    ),
  ],
  [
    String.raw`config/(?:wireless|network|rpcd|ddns|dropbear|openvpn|ipsec|xl2tpd|travelmate|msmtp|mwan3|samba4?|nut_\w{1,20})`,
    password(
      /^[ \t]{1,8}option[ \t]{1,8}["']?(?!\w{0,20}public)\w{0,30}?(?:password|passwd|passphrase|pass|secret|psk|key)[12]?["']?[ \t]{1,8}["']?(?<value>(?<=["'])[^"'\r\n]{3,200}|[^"'\s]{3,200})/gm,
      "the password of a setting of OpenWrt's",
    ),
  ],
];

const ANY = new RegExp(`(?:^|/)(?:${FILES.map(([path]) => path).join("|")})$`);
const EACH = FILES.map(([path, form]) => [new RegExp(`(?:^|/)(?:${path})$`), form] as const);

/** What each of them has in it: looked for first, since there are many files, and few are such ones. */
const SIGN =
  /secret|ipsec|vpn|client|server|auth|pass|radius|raddb|files\/|dovecot|cred|login|account|zugang|fstab|auto|mount|mail|msmtp|snmp|ks|seed|config\//;

/** What a file of this path gives; null for most. */
export function loginFile(path: string): LinePattern | null {
  const end = path.slice(path.lastIndexOf("/", path.lastIndexOf("/") - 1) + 1); // the last two segments
  return SIGN.test(end) && ANY.test(end) ? (EACH.find(([pattern]) => pattern.test(end))?.[1] ?? null) : null;
}
