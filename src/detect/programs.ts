/** What the flags of known programs hold, as data. */

export type FlagKind =
  | "password" // the value is a password
  | "pair" // `user:password`
  | "percent" // `user%password`
  | "comma" // `user,password`
  | "semicolon" // `user;password`
  | "file" // `certificate:password`
  | "key" // the value is a key
  | "slash" // `user/password@place`
  | "name" // the value names a secret
  | "login" // `user:password@place`
  | "token" // the value is a token
  | "openssl" // `pass:…`, `env:…`, `file:…`
  | "community" // SNMP's, of which `public` and `private` are everyone's
  | "header" // `Name: value`
  | "cookie" // `name=value; name=value`
  | "assign"; // `NAME=value`

export type Program = {
  /** The flags mean this only when this word stands on the line: `docker login -p`, not `docker run -p`. */
  readonly when?: string;
  /** Flags whose value is the next word or stands behind `=`. */
  readonly flags?: { readonly [flag: string]: FlagKind };
  /** Flags that mean this only beside that word: `--value X --type SecureString`. */
  readonly beside?: { readonly [word: string]: { readonly [flag: string]: FlagKind } };
  /** Flags whose value is glued on: `-pSECRET`. */
  readonly glued?: { readonly [flag: string]: FlagKind };
  /** Short flags mean other things here: nothing is guessed from them. */
  readonly plain?: true;
  /** Its flags end at the command that it starts: `sshpass -p X ssh -p 22 …`. */
  readonly wraps?: true;
  /** Words that are secrets by their shape, wherever they stand. */
  readonly words?: readonly (readonly [RegExp, FlagKind])[];
  /** After these words, or pairs of words, the word at this distance holds a secret: `rabbitmqctl add_user NAME PASSWORD`. */
  readonly after?: { readonly [word: string]: readonly [distance: number, kind: FlagKind] };
};

const flags = (list: { readonly [names: string]: FlagKind }): { readonly [flag: string]: FlagKind } =>
  Object.fromEntries(Object.entries(list).flatMap(([names, kind]) => names.split(" ").map((name) => [name, kind])));

const MYSQL: Program = { plain: true, glued: { "-p": "password" } };
const MYSQL_ADMIN: Program = { ...MYSQL, after: { password: [1, "password"], "old-password": [1, "password"] } };
const LOGIN: Program = { when: "login", flags: flags({ "-p": "password" }) };
const MONGO: Program = { flags: flags({ "-p": "password" }), glued: { "-p": "password" } };
const LDAP: Program = { flags: flags({ "-w": "password" }), glued: { "-w": "password" } };
const HTTP: Program = {
  flags: flags({
    "-u --user -U --proxy-user -a --auth --digest-user": "pair",
    "-H --header --proxy-header": "header",
    "--oauth2-bearer": "token",
    "-b --cookie": "cookie",
    "-E --cert": "file",
    "--http-password --ftp-password --proxy-password --password --pass --tlspassword": "password",
  }),
  glued: { "-u": "pair", "-H": "header" },
};
const REDIS: Program = {
  flags: flags({ "-a --pass --requirepass --masterauth --masterpass --primaryauth": "password" }),
  after: { "auth-pass": [2, "password"] },
};
const MSSQL: Program = { flags: flags({ "-P": "password" }), glued: { "-P": "password" } };
const ENVIRON: Program = {
  flags: flags({ "-e --env --build-arg": "assign", "-p --password": "password", "-u --user": "pair" }),
};
const TLS: Program = {
  flags: flags({ "-passin -passout -pass -password -passkey": "openssl", "-k -K": "password" }),
};
const JAVA_TOOLS: Program = {
  flags: flags({
    "-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass -new -deststorepassword --storepass":
      "password",
  }),
};

/** Where people write it down: programs of the field whose flags hold secrets, by their manuals. */
const MORE: { readonly [names: string]: Program } = {
  az: { beside: { login: flags({ "-p": "password" }), keyvault: flags({ "--value": "password" }) } },
  gh: { beside: { secret: flags({ "-b --body": "password" }) } },
  "dig kdig delv nsupdate knsupdate": { flags: flags({ "-y": "file" }) },
  "ejabberdctl prosodyctl": { after: { register: [3, "password"] } },
  zrok: { after: { enable: [1, "token"] } },
  gcloud: { flags: flags({ "--secret": "name" }) },
  codecov: { flags: flags({ "-t --token": "token" }) },
  cargo: { plain: true, after: { login: [1, "token"] } },
  bw: { after: { login: [2, "password"], unlock: [1, "password"] } },
  gost: { flags: flags({ "-L -F": "login" }) },
  "gotty ttyd": { flags: flags({ "-c --credential": "pair" }) },
  "ssserver ss-server sslocal ss-local ss-redir ss-tunnel": { flags: flags({ "-k": "password" }) },
  "frpc frps": { flags: flags({ "-t --token": "password" }) },
  aws: {
    after: { aws_secret_access_key: [1, "token"], aws_session_token: [1, "token"] },
    beside: { SecureString: flags({ "--value": "password" }) },
  },
  nmcli: { after: { password: [1, "password"], "wifi-sec.psk": [1, "password"] } },
  snyk: { after: { auth: [1, "token"] } },
  "pulsar-admin pulsar-client pulsar-perf": { flags: flags({ "--auth-params": "pair" }) },
  "pro ua": { after: { attach: [1, "token"] } },
  "rabbitmqadmin couchbase-cli": { flags: flags({ "-p": "password" }) },
  "turnserver coturn": { flags: flags({ "--user -u": "pair" }) },
  "npm yarn pnpm": { after: { _authToken: [1, "token"], _auth: [1, "token"], _password: [1, "password"] } },
  "grafana-cli grafana": { after: { "reset-admin-password": [1, "password"] } },
  serf: { flags: flags({ "-encrypt": "key" }) },
  "sqlplus sqlcl expdp impdp exp imp sqlldr rman": {
    words: [[/^[A-Za-z][\w$#.-]{0,64}\/[^\s@/]{1,100}(?:@\S{1,300})?$/, "slash"]],
  },
  mtg: { words: [[/^(?:ee|dd)[0-9a-f]{32,200}$/, "key"]] },
  "jenkins-agent jenkins-slave": { words: [[/^[0-9a-f]{64}$/, "token"]] },
  "mitmproxy mitmdump mitmweb": { flags: flags({ "--proxyauth --upstream-auth": "pair" }) },
  "samba.sh": { flags: flags({ "-u": "semicolon" }) },
  "transmission-daemon transmission-cli": { flags: flags({ "-v --password": "password" }) },
  "transmission-remote": { flags: flags({ "-n --auth": "pair" }) },
  "odoo odoo-bin openerp-server": { flags: flags({ "-w --db_password": "password" }) },
  "kadmin kadmin.local": { flags: flags({ "-w -pw": "password" }) },
  addprinc: { flags: flags({ "-pw": "password" }) },
  register_new_matrix_user: { flags: flags({ "-p --password": "password", "-k --shared-secret": "key" }) },
  "murmurd mumble-server": { after: { "-supw": [1, "password"] } },
  "mcrcon rcon rcon-cli arrcon": { flags: flags({ "-p --password --pass": "password" }) },
  microsocks: { flags: flags({ "-P": "password" }) },
  "beeline hdbsql hdbuserstore cbstats cbbackupmgr cbq cbimport cbexport supervisorctl add-user.sh check_mysql check_pgsql check_mysql_query":
    {
      flags: flags({ "-p -P --password": "password" }),
    },
  "vsql nzsql": { flags: flags({ "-w -pw": "password" }) },
  "check_http check_nrpe check_snmp": {
    flags: flags({ "-a --authorization": "pair", "-A -X --authpasswd --privpasswd": "password" }),
  },
  "signtool certutil psexec psexec64": { flags: flags({ "/p -p -P": "password" }) },
  schtasks: { flags: flags({ "/rp /RP /p": "password" }) },
  "pgcli litecli": { plain: true },
  "restic borg duplicity kopia": { flags: flags({ "--password --passphrase": "password" }) },
  "wg wg-quick": { flags: flags({ "private-key": "key" }) },
  "openvpn openconnect": { flags: flags({ "--auth-user-pass": "pair" }) },
  "minio mc mcli": { after: { set: [4, "password"], add: [4, "password"], "user add": [3, "password"] } },
  "ansible ansible-playbook": { flags: flags({ "--extra-vars -e": "assign" }) },
  caddy: { flags: flags({ "--plaintext -p": "password" }) },
  argocd: { flags: flags({ "--password --auth-token": "password" }) },
  "zkCli.sh zookeeper-shell.sh": { after: { digest: [1, "pair"] } },
  "telnet ipmitool impitool": { flags: flags({ "-P": "password" }) },
  "xfreerdp rdesktop wlfreerdp": { flags: flags({ "-p /p": "password" }) },
  pdbedit: { flags: flags({ "-p": "password" }) },
  smbpasswd: { flags: flags({ "-p -w": "password", "-U": "percent" }) },
  htdbm: { after: { "-b": [3, "password"], "-bc": [3, "password"], "-cb": [3, "password"], "-nb": [2, "password"] } },
  "tarantoolctl tt": {},
  "hydra medusa": { flags: flags({ "-p": "password" }) },
  goaccess: { plain: true },
  "sendemail swaks": { flags: flags({ "-xp -ap --auth-password": "password" }) },
  imapsync: { flags: flags({ "--password1 --password2": "password" }) },
  rclone: {
    flags: flags({ "--webdav-pass --sftp-pass --ftp-pass --rc-pass": "password" }),
    after: { obscure: [1, "password"] },
  },
  "sqlpackage mssql-cli": { flags: flags({ "-P /TargetPassword /SourcePassword": "password" }) },
  snowsql: { flags: flags({ "--password": "password" }) },
  "wrk2 vegeta bombardier": { flags: flags({ "-H --header -header": "header" }) },
  "kcadm.sh": { flags: flags({ "--password -p --new-password": "password" }) },
  pulumi: { flags: flags({ "--secrets": "token" }) },
  "ghostunnel stunnel": { flags: flags({ "--storepass --keystorepass": "password" }) },
  "ab2 apachebench": { flags: flags({ "-A -P": "pair" }) },
};

const table: { readonly [names: string]: Program } = {
  "mysqladmin mariadb-admin": MYSQL_ADMIN,
  "mysql mysqldump mysqlcheck mysqlimport mysqlshow mysqlsh mysqlslap mysqlbinlog mariadb mariadb-dump mariadb-check mariadb-import mariabackup xtrabackup innobackupex mycli mydumper myloader":
    MYSQL,
  sshpass: { wraps: true, flags: flags({ "-p": "password" }), glued: { "-p": "password" } },
  "docker podman nerdctl buildah skopeo helm oras crane regctl cf oc ibmcloud faas-cli cosign singularity": LOGIN,
  "minisign signify gpgv ffmpeg docker-compose ssh scp rsync sftp mkdir cp mv install chown chmod tar find grep sed awk sort head tail nice timeout nginx node python python3 java gunicorn uvicorn uwsgi puma php php-fpm go npm npx yarn pnpm make cmake git tcpdump nc ncat socat iptables ip nsenter supervisord tini dumb-init gosu su-exec apt apt-get apk yum dnf pip pip3 gem wait-for-it dockerize etcd prometheus grafana-server traefik caddy envoy haproxy vector telegraf fluentd":
    {
      plain: true,
    },
  "mongo mongosh mongodump mongorestore mongoexport mongoimport mongod mongostat mongotop mongofiles": MONGO,
  cqlsh: { flags: flags({ "-p": "password" }) },
  nodetool: { plain: true, flags: flags({ "-pw --password": "password" }) },
  "cypher-shell": { flags: flags({ "-p": "password" }), glued: { "-p": "password" } },
  "arangosh influx clickhouse-client clickhouse": { flags: flags({ "-password -t": "password" }) },
  "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare": LDAP,
  slappasswd: { flags: flags({ "-s": "password" }) },
  "curl wget http https httpie xh ab hey wrk siege aria2c curlie": HTTP,
  "redis-cli redis-server redis-benchmark valkey-cli valkey-server keydb-cli keydb-server redis-sentinel dragonfly redis_exporter":
    REDIS,
  "sqlcmd bcp osql tsql isql": MSSQL,
  "mosquitto_pub mosquitto_sub mosquitto_rr": MSSQL,
  mosquitto_passwd: { after: { "-b": [3, "password"] } },
  ipmitool: { flags: flags({ "-P": "password" }) },
  "snmpget snmpgetnext snmpwalk snmpset snmpbulkget snmpbulkwalk snmptable snmpdf snmpstatus snmptest snmptrap snmpinform":
    {
      flags: flags({ "-A -X": "password", "-c": "community" }),
      glued: { "-c": "community" },
    },
  rabbitmqctl: {
    after: { add_user: [2, "password"], change_password: [2, "password"], authenticate_user: [2, "password"] },
  },
  htpasswd: {
    after: {
      "-b": [3, "password"],
      "-bc": [3, "password"],
      "-cb": [3, "password"],
      "-bB": [3, "password"],
      "-Bbc": [3, "password"],
      "-bBc": [3, "password"],
      "-cBb": [3, "password"],
      "-Bbn": [2, "password"],
      "-nbB": [2, "password"],
      "-nb": [2, "password"],
      "-bn": [2, "password"],
      "-bnB": [2, "password"],
      "-nBb": [2, "password"],
      "-Bb": [3, "password"],
      "-bcB": [3, "password"],
    },
  },
  openssl: TLS,
  "keytool jarsigner apksigner": JAVA_TOOLS,
  "zip unzip": { flags: flags({ "-P --password": "password" }), glued: { "-P": "password" } },
  "7z 7za 7zr rar unrar": { glued: { "-p": "password" } },
  "gpg gpg2": { flags: flags({ "--passphrase": "password" }) },
  "smbclient smbget rpcclient net": { flags: flags({ "-U --user": "percent" }) },
  "ssh-keygen": { flags: flags({ "-N -P": "password" }) },
  "vault bao": {
    after: { login: [1, "token"], unseal: [1, "token"] },
    words: [[/^(?:hv[sb]|[sb])\.\w{24,300}$/, "token"]],
  },
  "consul nomad boundary": { flags: flags({ "-token -http-token": "token", "-encrypt": "key" }) },
  "nats nats-server nats-streaming-server gnatsd nsc": { flags: flags({ "--pass -pass --auth -auth": "password" }) },
  "useradd usermod adduser": { flags: flags({ "-p --password": "password" }) },
  etcdctl: { flags: flags({ "--user": "pair" }) },
  "flower celery": { plain: true, flags: flags({ "--basic_auth --basic-auth": "pair" }) },
  "pg_dump pg_dumpall psql pg_restore pg_isready pg_basebackup createdb dropdb createuser vacuumdb reindexdb pgbench": {
    plain: true,
  },
  "tinyproxy squidclient": { flags: flags({ "-w -W": "password" }) },
  ngrok: { after: { "add-authtoken": [1, "token"], authtoken: [1, "token"] } },
  tailscale: { flags: flags({ "--authkey --auth-key": "token" }) },
  lftp: { flags: flags({ "-u": "comma", "-p": "password" }) },
  "ftp ncftp ncftpget ncftpput": { flags: flags({ "-p": "password" }) },
  "vncserver x11vnc": { flags: flags({ "-passwd": "password" }) },
  "docker-run": ENVIRON,
  kubectl: { flags: flags({ "--from-literal": "assign", "--token": "token", "--docker-password": "password" }) },
};

const programs = new Map<string, Program>(
  Object.entries({ ...table, ...MORE }).flatMap(([names, program]) =>
    names.split(" ").map((name) => [name, program] as const),
  ),
);

/** What is known of a program by its file name; null when nothing is. */
export function programOf(word: string): Program | null {
  const file = word.slice(word.lastIndexOf("/") + 1).replace(/\.exe$/i, "");
  return (
    programs.get(file) ?? (/^sqlcmd|^mysql|^mariadb/.test(file) ? (file.startsWith("sqlcmd") ? MSSQL : MYSQL) : null)
  );
}
