/** What holds a password wherever in a command or a script it stands, as data. */

/** None of the patterns below matches a text without one of these. */
export const HINTS =
  /<\(|identified|password|passwd|pwd|stdin|<<<|user_|requirepass|masterauth|masterpass|primaryauth|securestring|crypt\(|\/ppp|\{(?:plain|clear)|:.{1,200}>|sudo|kinit|cryptsetup|htpasswd|passphrase|vault|bao\b|\bgh\b|\bop\b|\bwg\b|x11vnc|pdbedit|keyring|secret|\bsu\b|pass|auth|superuser|createaccount|pdo\(|mysqli|token|pure-pw|\bon\s["']?>|cred/i;

export const ANYWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:IDENTIFIED\s(?:WITH\s[\w']{1,40}\s)?(?:BY|AS)\s|(?:USER|ROLE|LOGIN)\s[^;]{1,120}?PASSWORD(?:\s|\s?=)|SET\s{1,4}PASSWORD\b[^;=]{0,80}=)\s{0,4}N?(?:PASSWORD\()?\\?["']([^"'\\]{1,200})\\?["']/gi,
    "SQL login statement",
  ],
  [/=\s{0,4}(?:OLD_)?PASSWORD\(\s?\\?["']([^"'\\]{3,100})\\?["']/gi, "SQL login statement"],
  [
    /\b(?:USER|ROLE)\s[\w."]{1,64}\s{1,8}IDENTIFIED\s{1,4}BY\s{1,4}(?!VALUES\b|PASSWORD\b)([\w#$!@%^*+-]{3,60})(?=\s|;|$)/gi,
    "SQL login statement",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?[\w.-]{1,64}:([^\s"'|]{1,200}?)(?:\\n)?["']?\s{0,4}\|\s{0,4}(?:sudo\s)?(?:\/usr\/sbin\/)?chpasswd/g,
    "chpasswd",
  ],
  [
    /\bprintf\s{1,4}["'][\w.-]{1,64}:%s(?:\\n)?["']\s{1,4}["']?([^\s"'|$]{3,200})["']?\s{0,4}\|\s{0,4}(?:sudo\s)?chpasswd/g,
    "chpasswd",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?(?:[\w.[\]:-]{1,120}\s)?[\w.@+-]{1,64}:(?=[^\s"':$|<>]{0,60}[\dA-Z!@#%^&*?])([^\s"':$|<>]{3,200}?)(?:\\n)?["']?\s{0,4}>{1,2}\s{0,4}[\w./~-]{0,80}(?:pass|users|auth|cred|secret)/g,
    "put into a file of logins",
  ],
  [
    /\becho\s{1,4}["']?([A-Za-z0-9+/]{43}=)["']?\s{0,4}>{1,2}\s{0,4}(?![^\s;&|]{0,80}pub)[\w./~-]{0,80}(?:key|pk|priv|psk)/g,
    "put into a file of keys",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?AUTH\s(?!(?:PLAIN|LOGIN|CRAM|XOAUTH2?|TLS|SSL|GSSAPI|NTLM|EXTERNAL)\b)([^\s"'\\$|]{3,200})/g,
    "Redis login",
  ],
  [
    /\b(?:PDO|mysqli|mysqli_connect|mysql_connect|pymysql\.connect)\(\s?\\?["'][^"'\\]{1,200}\\?["'],\s?\\?["'][^"'\\]{1,80}\\?["'],\s?\\?["']([^"'\\$]{3,100})/g,
    "argument of a function",
  ],
  [
    /\bprintf\s["'](?:[^"'%]{0,80}(?:[\s,{]|\\n))?["']?[\w.-]{0,40}(?:pass|pwd|secret|token)[\w.-]{0,24}["']?\s?[=:]?\s?["']?%s[^"'%]{0,20}["']\s{1,4}["']?([^\s"'$|;&>-][^\s"'$|;&>]{2,200})/g,
    "put into a file",
  ],
  [/\bcreateAccount\(\s?\\?["'][^"'\\]{1,80}\\?["'],\s?\\?["']([^"'\\$]{3,100})/g, "argument of a function"],
  [/\bchpasswd\s?<<<\s?["']?[\w.-]{1,64}:([^\s"']{1,200})/g, "chpasswd"],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s)?["']?([^\s"'|$]{3,200}?)(?:\\n)?["']?\s{0,4}\|[^|]{0,160}(?:--?(?:[a-z]{1,20}-){0,3}stdin\b|\s-y\s{1,4}\/dev\/stdin\b)/g,
    "piped to a login",
  ],
  [
    /\b(?:echo|printf)\s{1,4}(?:-[ne]{1,2}\s|["']?%s(?:\\n)?["']?\s)?["']?([^\s"'|$]{3,200}?)(?:\\n)?["']?\s{0,4}\)?\s{0,4}\|\s{0,4}(?:sudo\s-S|(?:\S{0,40}\/)?(?:passwd|vncpasswd|kinit|smbpasswd|cryptsetup|htpasswd|su|ecryptfs-add-passphrase|pdbedit|saslpasswd2|mosquitto_passwd|pure-pw|x11vnc|gnome-keyring-daemon)\b|gpg\b[^|]{0,160}--passphrase-fd|openssl\b[^|]{0,160}stdin|vault\s(?:login|operator)|bao\s(?:login|operator)|(?:docker|podman)\ssecret\screate|wrangler\ssecret\sput|gh\s(?:auth\slogin|secret\sset)|pass\sinsert|op\s(?:signin|account)|wg\sset)/g,
    "piped to a login",
  ],
  [
    /\b(?:passwd|vncpasswd|kinit|smbpasswd|cryptsetup|htpasswd|docker|podman|helm|gpg|openssl|vault|gh|sudo|su|mysql_config_editor|saslpasswd2)\b[^<|;&]{0,160}<<<\s?["']?([^\s"'$]{3,200})/g,
    "given to a login",
  ],
  [
    /\bopenssl\spasswd(?:\s-salt\s[\w./]{1,32}|\s-\w{1,8}){0,5}\s\\?["']?([^\s"')$-][^\s"')]{2,100})/g,
    "hashed on the spot",
  ],
  [
    /\b(?:echo\s-n?e|printf)\s{1,4}["'][\w.@+-]{1,64}\\n([^\s"'\\$|%]{3,200})(?:\\n)?["']\s{0,4}>{1,2}\s{0,4}[\w./~-]{0,80}(?:pass|auth|cred|login)/g,
    "put into a file of logins",
  ],
  [/<\(\s{0,4}(?:echo|printf)\s{1,4}(?:-n\s{1,4})?["']?([^\s"')$\\]{6,200})["']?\s{0,4}\)/g, "handed over as a file"],
  [/\bcrypt\(\s?\\?["']([^"'\\$]{3,100})/g, "hashed on the spot"],
  [/\byes\s["']?([^\s"'|$]{3,100})["']?\s?\|\s?(?:sudo\s)?passwd\b/g, "piped to a login"],
  [
    /\s[\w.-]{1,60}\/[\w./-]{0,60}(?:pass|pw)[\w-]{0,30}\s(?:password|string)\s["']?(?!unused["'\s;|])([^\s"'|$]{3,100})/g,
    "debconf answer",
  ],
  [
    /[{,\s]\\?["']?(?:\w{0,30}_)?(?:pwd|passwd|password)\\?["']?\s?(?::|=>)\s?\\?["']([^"'\\$]{2,100})\\?["']/g,
    "argument of a function",
  ],
  [
    /\b(?:requirepass|masterauth|masterpass|primaryauth)\s{1,4}(?!foobared\b|[\w+]{2,20}:\/\/)["']?([^\s"'/#$<-][^\s"'/#$]{2,200})/g,
    "line of a settings file",
  ],
  [
    /\bcreate_superuser\(\s?\\?["'][^"'\\]{0,80}\\?["'],\s?\\?["'][^"'\\]{0,80}\\?["'],\s?\\?["']([^"'\\$]{3,100})/g,
    "argument of a function",
  ],
  [/\.auth\(\s?\\?["'][^"'\\]{1,80}\\?["'],\s?\\?["']([^"'\\$]{3,100})/g, "argument of a function"],
  [
    /\bon\s["']?>([^\s"'&/$<]{3,200})["']?\s["']?(?:[~+&%]|all(?:keys|commands|channels)\b|resetchannels\b)/g,
    "rule of a Redis user",
  ],
  [/\b[\w.@-]{1,64}:\{(?:PLAIN|CLEAR|CLEARTEXT)\}([^\s"':$]{3,100})/g, "user and plain password"],
  [
    /["'][\w*.-]{1,64}\s{1,4}[\w*.-]{1,64}\s{1,4}([^\s"'$]{3,100})\s{1,4}[\w*.]{1,40}["']?\s{0,4}>{1,2}\s{0,4}\/etc\/ppp/g,
    "line of chap-secrets",
  ],
  [/\bConvertTo-SecureString\s{1,4}(?:-String\s{1,4})?["']([^"']{3,200})["']/gi, "PowerShell"],
  [/["'\s][\w.*-]{1,200}:(?:\d{1,5}|\*):[\w*.-]{1,64}:[\w*.@-]{1,64}:([^\s:"'$]{3,200})["']?\s{0,4}>/g, "pgpass line"],
  [/\buser_[\w.-]{1,64}\s?=\s?\\?["']([^"'\\]{3,200})\\?["']/g, "login module"],
];
