import { ageKey } from "../tools/crypto.ts";
import { command, env, type Kind } from "../tools/row.ts";
import { host, SERVICES, user, WORDS } from "../tools/words.ts";
import { plainPassword } from "./connections.ts";
import { humanPassword } from "./passwords.ts";
import { speakingToken } from "./tokens.ts";

/** Names that say secret, but not in the usual order or not with the usual cut between words. */
const ODD =
  "MYSQLPASSWORD dbpass adminpass rootpw rootpwd userpw dbpw mysqlRootPwd DBPASSWD ADMINPW pw pwd pass PSWD PSW PASSWRD APIKEY apikey apiToken authtoken ACCESSTOKEN SECRETKEY clientsecret secretkey privatekey AUTHKEY " +
  "DB_PASSWORD_PROD DB_PASSWORD_2 PASSWORD_1 PASSWORD_NEW OLD_PASSWORD PASSWORD_OLD PASSWORD_ADMIN PASSWORD_DEFAULT API_KEY_STAGING SECRET_KEY_V2 TOKEN_2 STRIPE_KEY_LIVE API_KEY_PROD TOKEN_CI SECRET_PREVIOUS PASSWORD_BACKUP_USER JWT_SECRET_OLD " +
  "PASS_ROOT PASS_DB TOKEN_GITLAB TOKEN_DEPLOY KEY_API SECRET_API SECRET_APP KEY_SECRET TOKEN_SECRET__PRIMARY ApiKey__Primary Auth:Password auth.password db-pass app.security.token my_app_pwd1 PG_PASS_RO LdapBindPw BIND_PW ROOT_PW SMTPPASS SMTP_PASS MAILPASS " +
  "ftpPassword sshPassword ADMIN_PASS_PHRASE WIFI_PSK PSK PRESHARED_KEY SNMP_COMMUNITY_SECRET VPN_PSK IPSEC_PSK RADIUS_SECRET SHAREDSECRET DECRYPTION_KEY DECRYPT_PASSWORD UNLOCK_CODE_SECRET OTP_RECOVERY_SECRET";

const oddName: Kind = {
  kind: "odd-name",
  weight: 55,
  make: (random) => {
    const name = random.deck(ODD.split(" "));
    return () => env(random, name(), random.chance(0.5) ? humanPassword(random) : random.of("n", random.int(14, 32)));
  },
};

/** Passwords and keys that look like something harmless: under a name that says secret, any literal counts. */
const disguised: Kind = {
  kind: "disguised-value",
  weight: 40,
  make: (random) => {
    const name = random.deck(
      "DB_PASSWORD ADMIN_PASSWORD POSTGRES_PASSWORD MYSQL_ROOT_PASSWORD SMTP_PASSWORD REDIS_PASSWORD GF_SECURITY_ADMIN_PASSWORD APP_PASSWORD USER_PASSWORD LDAP_PASSWORD".split(
        " ",
      ),
    );
    return () =>
      env(
        random,
        name(),
        random.pick([
          () => random.hex(random.pick([32, 40, 64])),
          () => random.uuid(),
          () => random.of("d", random.int(5, 12)),
          () => `${random.int(1, 28)}.${random.int(1, 12)}.19${random.int(60, 99)}`,
          () => `${random.pick(SERVICES)}-db`,
          () => `${random.pick(WORDS)}@example.org`,
          () => random.pick(SERVICES),
          () => `${random.pick(WORDS)} ${random.pick(WORDS)}`,
          () => `a${"b".repeat(random.int(1, 2))}c${random.int(1, 9)}`,
          () => `host.${random.pick(WORDS)}.lan`,
          () => `${random.of("n", 8)}=${random.of("n", 4)}`,
          () => `#${random.of("n", 10)}`,
        ])(),
      );
  },
};

/** Pieces of configuration that images document as the value of one variable. */
const fragment: Kind = {
  kind: "config-fragment",
  weight: 40,
  make: (random) => {
    const p = (): string => plainPassword(random);
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "GITLAB_OMNIBUS_CONFIG",
        `external_url 'https://git.example.org'; gitlab_rails['initial_root_password'] = '${p()}'`,
      ],
      () => ["GITLAB_OMNIBUS_CONFIG", `gitlab_rails['smtp_enable'] = true; gitlab_rails['smtp_password'] = "${p()}";`],
      () => ["WORDPRESS_CONFIG_EXTRA", `define('WP_DEBUG', false);\ndefine('FTP_PASS', '${p()}');`],
      () => ["JENKINS_OPTS", `--httpPort=-1 --httpsPort=8443 --httpsKeyStorePassword=${p()}`],
      () => ["SFTP_USERS", `${user(random)}:${p()}:1001:100:upload`],
      () => [
        "VAULT_LOCAL_CONFIG",
        JSON.stringify({ storage: { mysql: { address: "db:3306", username: "vault", password: p() } }, ui: true }),
      ],
      () => ["RESTIC_REPOSITORY", `rest:https://backup:${p()}@${host(random)}:8000/`],
      () => ["INIT_SQL", `CREATE USER 'app'@'%' IDENTIFIED BY '${p()}'; GRANT ALL ON app.* TO 'app'@'%';`],
      () => ["POSTGRES_INIT", `CREATE ROLE app LOGIN PASSWORD '${p()}'; CREATE DATABASE app OWNER app;`],
      () => ["USERS", `alice:${p()},bob:${p()}`],
      () => ["SPARK_SUBMIT_OPTS", `-Dspark.authenticate.secret=${random.of("n", 24)} -Dspark.ui.enabled=false`],
      () => ["EXTRA_ARGS", `--web.listen-address=:9090 --auth.password=${p()}`],
      () => ["SERVER_OPTIONS", `--bind 0.0.0.0 --api-key ${random.of("n", 32)} --verbose`],
      () => ["REDIS_EXTRA_FLAGS", `--maxmemory 256mb --requirepass ${p()}`],
      () => ["REDIS_ARGS", `--requirepass ${p()} --save 60 1`],
      () => ["CURL_OPTS", `-u ${user(random)}:${p()} --silent`],
      () => ["MYSQL_ARGS", `-h db -u root -p${p()}`],
      () => ["RCLONE_FLAGS", `--webdav-user=app --webdav-pass=${random.base64url(24)}`],
      () => ["GIT_CONFIG_VALUE_0", `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${p()}`).toString("base64")}`],
      () => ["TF_CLI_ARGS_apply", `-var db_password=${p()} -auto-approve`],
      () => ["ANSIBLE_EXTRA_VARS", `ansible_user=deploy ansible_become_pass=${p()}`],
      () => ["SSH_KEYS_AND_MORE", `region=eu\ntoken=${speakingToken(random)}\n`],
      () => [
        "BACKUP_ENV",
        `AWS_ACCESS_KEY_ID=${random.fill("AKIA{16:B}")} AWS_SECRET_ACCESS_KEY=${random.of("b", 40)}`,
      ],
      () => ["IDENTITIES", `${ageKey(random)}\n${ageKey(random)}`],
    ]);
    return () => env(random, ...next()());
  },
};

/** Shell lines in which the secret is an assignment, a pipe, a here-string or an SQL statement. */
const shell: Kind = {
  kind: "shell-line",
  weight: 60,
  make: (random) => {
    const p = (): string => plainPassword(random);
    const t = (): string => random.pick([() => speakingToken(random), () => random.of("n", 32)])();
    const next = random.deck<() => string>([
      () => `DB_PASSWORD=${p()} exec node server.js`,
      () => `export API_TOKEN=${t()} && ./start.sh`,
      () => `export PGPASSWORD='${p()}'; until psql -h db -U app -c '\\q'; do sleep 1; done; exec app`,
      () => `echo ${p()} | docker login -u ci --password-stdin ghcr.io`,
      () => `echo "root:${p()}" | chpasswd; exec /usr/sbin/sshd -D`,
      () => `mysql -e "ALTER USER 'root'@'localhost' IDENTIFIED BY '${p()}'"`,
      () => `psql -U postgres -c "ALTER ROLE app WITH PASSWORD '${p()}'"`,
      () => `mongosh --eval "db.createUser({user:'app',pwd:'${p()}',roles:['root']})"`,
      () => `docker run -d -e MYSQL_ROOT_PASSWORD=${p()} mysql:8`,
      () => `docker build --build-arg NPM_TOKEN=${t()} -t app .`,
      () => `kubectl create secret generic db --from-literal=password=${p()}`,
      () => `vault write auth/approle/login role_id=${random.uuid()} secret_id=${random.uuid()}`,
      () => `vault kv put secret/app db_password=${p()}`,
      () => `aws s3 ls && AWS_SECRET_ACCESS_KEY=${random.of("b", 40)} aws s3 sync . s3://acme`,
      () => `npm config set //registry.npmjs.org/:_authToken ${t()} && npm publish`,
      () =>
        `curl -d 'grant_type=client_credentials&client_id=app&client_secret=${random.of("n", 32)}' https://sso.example.org/token`,
      () =>
        `curl -X POST -H 'Content-Type: application/json' -d '{"username":"admin","password":"${p()}"}' http://localhost:8080/login`,
      () => `curl --data-urlencode "password=${p()}" --data "user=app" https://${host(random)}/login`,
      () => `cat > /root/.my.cnf <<EOF\n[client]\npassword=${p()}\nEOF\nexec mysqld`,
      () => `git remote set-url origin https://ci:${t()}@github.com/acme/app.git && git push`,
      () => `sleep 5; rabbitmqctl add_user app ${p()} && rabbitmqctl set_permissions app ".*" ".*" ".*"`,
      () => `if [ -z "$X" ]; then redis-server --requirepass ${p()}; fi`,
      () => `openssl enc -d -aes-256-cbc -pass pass:${p()} -in a -out b && exec app`,
      () =>
        `(sleep 10 && influx setup --username admin --password ${p()} --org acme --bucket b --force) & exec influxd`,
      () => `minio server /data & mc alias set local http://localhost:9000 admin ${p()}`,
      () => `ssh-keygen -t ed25519 -N '${p()}' -f /keys/id && exec app`,
      () => `htpasswd -b -c /etc/htpasswd admin '${p()}' && nginx -g 'daemon off;'`,
    ]);
    return () => {
      const line = next()();
      return random.chance(0.5)
        ? command(random, ["/bin/sh", "-c", line])
        : {
            where: "cmd" as const,
            name: "Cmd",
            value: random.chance(0.5) ? JSON.stringify(["bash", "-ec", line]) : line,
          };
    };
  },
};

export const ODDITIES: readonly Kind[] = [oddName, disguised, fragment, shell];
