import type { Random } from "../tools/random.ts";
import { command, type Kind } from "../tools/row.ts";
import { host, SERVICES } from "../tools/words.ts";

const COMMANDS: readonly ((random: Random) => readonly string[])[] = [
  (r) => ["mysql", "-h", host(r), "-u", "root", "-p", "app"],
  (r) => ["mysqldump", "--defaults-extra-file=/run/secrets/my.cnf", "-h", host(r), "--port=3306", "app"],
  () => ["mysqld", "--default-authentication-plugin=mysql_native_password", "--port=3307"],
  () => ["redis-server", "/etc/redis/redis.conf", "--appendonly", "yes", "--save", "60", "1"],
  (r) => ["redis-cli", "-h", host(r), "-p", "6379", "ping"],
  (r) => ["psql", "-h", host(r), "-U", "app", "-p", "5432", "-d", "app", "-w"],
  (r) => ["curl", "-fsSL", "-o", "/tmp/a.tgz", `https://${host(r)}/a.tgz`],
  (r) => ["curl", "-u", "$USER:$PASSWORD", `https://${host(r)}/health`],
  (r) => ["curl", "-H", "Authorization: Bearer $TOKEN", `https://${host(r)}/v1`],
  (r) => ["curl", "-H", "Content-Type: application/json", "-H", "X-Request-Id: 42", `http://${host(r)}/`],
  () => ["docker", "login", "--username", "ci", "--password-stdin", "ghcr.io"],
  () => ["vault", "server", "-config=/vault/config"],
  () => ["vault", "kv", "get", "-field=password", "secret/app"],
  () => ["gunicorn", "app.wsgi:application", "-b", "0.0.0.0:8000", "-w", "4", "--keyfile", "/certs/key.pem"],
  () => ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "80", "--proxy-headers"],
  () => ["node", "--max-old-space-size=2048", "dist/main.js", "--token-ttl", "3600"],
  () => [
    "java",
    "-Xmx1g",
    "-Djava.security.egd=file:/dev/./urandom",
    "-jar",
    "/app.jar",
    "--spring.profiles.active=prod",
  ],
  () => [
    "java",
    "-Djavax.net.ssl.trustStore=/certs/ts.p12",
    "-Djavax.net.ssl.trustStoreType=PKCS12",
    "-jar",
    "/app.jar",
  ],
  () => ["mongod", "--auth", "--bind_ip_all", "--keyFile", "/etc/mongo-keyfile", "--replSet", "rs0"],
  () => ["postgres", "-c", "password_encryption=scram-sha-256", "-c", "max_connections=200"],
  () => ["nginx", "-g", "daemon off;"],
  () => [
    "traefik",
    "--providers.docker=true",
    "--entrypoints.web.address=:80",
    "--certificatesresolvers.le.acme.email=ops@example.org",
  ],
  () => ["cloudflared", "tunnel", "--no-autoupdate", "run"],
  () => ["openssl", "req", "-x509", "-nodes", "-keyout", "key.pem", "-passin", "file:/run/secrets/pass"],
  () => ["openssl", "pkcs12", "-in", "c.p12", "-passin", "env:PFX_PASSWORD"],
  () => ["gpg", "--batch", "--passphrase-file", "/run/secrets/pass", "-d", "a.gpg"],
  (r) => ["gpg", "--keyserver", "keys.openpgp.org", "--recv-keys", r.of("H", 40)],
  (r) => ["ssh", "-i", "/keys/id_ed25519", "-p", "2222", `deploy@${host(r)}`],
  () => ["sshpass", "-e", "ssh", "root@host"],
  (r) => ["pg_dump", "--no-password", "-h", host(r), "-U", "app", "-F", "c"],
  () => ["rabbitmq-server"],
  () => ["python", "manage.py", "changepassword", "admin"],
  () => ["celery", "-A", "proj", "worker", "-l", "info", "-P", "prefork", "-c", "4"],
  () => ["prometheus", "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.retention.time=15d"],
  () => ["oauth2-proxy", "--client-secret-file=/run/secrets/oidc", "--cookie-secure=true", "--cookie-name=_sso"],
  () => ["etcd", "--auth-token", "jwt,pub-key=/k.pub,priv-key=/k.key,sign-method=RS256"],
  () => ["kube-apiserver", "--token-auth-file=/etc/tokens.csv", "--service-account-key-file=/pki/sa.pub"],
  () => ["vllm", "serve", "acme/llm", "--max-num-batched-tokens", "8192", "--tokenizer-mode", "auto"],
  () => ["sh", "-c", 'exec app --db-password "$(cat /run/secrets/db)" --port 80'],
  () => ["app", "--password-file", "/run/secrets/app", "--api-key-header", "X-Api-Key"],
  (r) => ["wget", "-q", "--spider", `http://${host(r)}:8080/health`],
  () => ["minio", "server", "/data", "--console-address", ":9001"],
  () => ["keycloak", "start", "--hostname=sso.example.org", "--https-certificate-key-file=/certs/tls.key"],
  (r) => ["git", "clone", "--depth", "1", `https://github.com/acme/${r.pick(SERVICES)}.git`],
  () => ["npm", "run", "start:prod", "--", "--port", "3000"],
];

export const COMMAND: Kind = {
  kind: "clean-command",
  weight: 75,
  make: (random) => {
    const next = random.deck(COMMANDS);
    return () => command(random, next()(random));
  },
};
