/** What the flags of known programs hold, as data. */

import { flags, type Program } from "./program.ts";
import { MORE } from "./programs-more.ts";

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

const table: { readonly [names: string]: Program } = {
  "mysqladmin mariadb-admin": MYSQL_ADMIN,
  "mysql mysqldump mysqlcheck mysqlimport mysqlshow mysqlsh mysqlslap mysqlbinlog mariadb mariadb-dump mariadb-check mariadb-import mariabackup xtrabackup innobackupex mycli":
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

/** The name of a program that is in the table, without its folder; null of any other word. */
export function programName(word: string): string | null {
  const file = word.slice(word.lastIndexOf("/") + 1).replace(/\.exe$/i, "");
  return programs.has(file) ? file : null;
}
