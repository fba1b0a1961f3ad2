import { command, env, type Kind } from "../tools/row.ts";
import { host, SERVICES, user } from "../tools/words.ts";
import { ORDINARY_PAIRS } from "./ordinary.ts";

/** Commands whose short flags mean a password elsewhere, but a port, a folder or a process here. */
const flags: Kind = {
  kind: "clean-flag",
  weight: 65,
  make: (random) => {
    const next = random.deck<() => readonly string[]>([
      () => ["mkdir", "-p", `/data/${random.pick(SERVICES)}`],
      () => ["ssh", "-N", "-p", "2222", "-L", "5432:db:5432", `deploy@${host(random)}`],
      () => ["docker", "run", "-p", "8080:80", "-u", "1000:1000", "nginx"],
      () => ["mysql", "-P", "3307", "-h", host(random), "-u", "app"],
      () => ["wget", "-P", "/downloads", `https://${host(random)}/file.tar`],
      () => ["xargs", "-P", "4", "-n", "1", "gzip"],
      () => ["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "app:app"],
      () => ["curl", "-k", "-u", "$API_USER:$API_PASS", `https://${host(random)}`],
      () => ["curl", "-fsk", "--key", "/certs/client.key", "--cert", "/certs/client.crt", `https://${host(random)}`],
      () => ["pytest", "-p", "no:cacheprovider", "-k", "test_password_reset"],
      () => ["nmap", "-p", "22,80,443", host(random)],
      () => ["python", "-u", "worker.py", "-a", "strict"],
      () => ["ps", "-p", "1", "-o", "comm="],
      () => ["mosquitto_sub", "-h", "broker", "-p", "1883", "-u", "sensor", "-t", "home/#"],
      () => ["rsync", "-a", "--password-file=/run/secrets/rsync", "backup@host::data", "/data"],
      () => ["ssh", "-o", "PasswordAuthentication=no", "-o", "StrictHostKeyChecking=accept-new", "host"],
      () => ["java", "-Dpassword.encoder=bcrypt", "-Dtoken.ttl=3600", "-Dauth.type=oauth2", "-jar", "app.jar"],
      () => ["traefik", "--entrypoints.web.forwardedHeaders.insecure", "--serversTransport.insecureSkipVerify=true"],
      () => ["oauth2-proxy", "--pass-host-header=true", "--pass-access-token=true", "--set-authorization-header=true"],
      () => ["helm", "upgrade", "db", "bitnami/postgresql", "--set", "auth.existingSecret=db-credentials"],
      () => ["kubectl", "get", "secret", "db-credentials", "-o", "yaml"],
      () => ["kubectl", "create", "secret", "generic", "db", "--from-file=password=/run/secrets/db"],
      () => ["docker", "secret", "create", "db_password", "/tmp/password.txt"],
      () => ["gpg", "--batch", "--passphrase-fd", "0", "--pinentry-mode", "loopback", "-d", "a.gpg"],
      () => ["ansible-playbook", "site.yml", "--vault-password-file", "/run/secrets/vault", "-u", "deploy"],
      () => ["restic", "backup", "/data", "--password-file", "/run/secrets/restic"],
      () => ["borg", "create", "--encryption", "repokey-blake2", "::auto", "/data"],
      () => ["nats-server", "-c", "/etc/nats.conf", "-p", "4222", "-m", "8222"],
      () => ["vault", "write", "auth/kubernetes/config", "token_reviewer_jwt=@/var/run/secrets/token"],
      () => ["vault", "token", "create", "-policy=app", "-ttl=24h"],
      () => ["keytool", "-list", "-keystore", "/ks.p12", "-storepass:env", "STOREPASS"],
      () => ["zip", "-r", "-p", "out.zip", "data"],
      () => ["app", "--tokens", "4096", "--secret-name", "orders-db", "--key-id", random.hex(16)],
      () => ["llama-server", "--ctx-size", "8192", "--tokenizer", "gpt2", "-p", "Tell me a story about a password"],
      () => ["certbot", "renew", "--key-type", "ecdsa", "--preferred-chain", "ISRG Root X1"],
      () => ["kafka-console-consumer.sh", "--topic", "passwords-changed", "--property", "print.key=true"],
      () => ["mount", "-t", "cifs", "//nas/share", "/mnt", "-o", "credentials=/run/secrets/cifs,vers=3.0"],
      () => ["sort", "-k", "2", "-u", "/data/keys.txt"],
      () => ["tar", "-xpf", `app-${random.hex(12)}.tar`, "-C", "/"],
      () => ["psql", "-v", "ON_ERROR_STOP=1", "-U", user(random), "-c", "SELECT passwd FROM pg_shadow"],
    ]);
    return () => command(random, next()());
  },
};

/** Fragments, statements and lists that look like those with a password, but hold none. */
const fragments: Kind = {
  kind: "clean-fragment",
  weight: 40,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "GITLAB_OMNIBUS_CONFIG",
        "external_url 'https://git.example.org'; nginx['listen_port'] = 80; gitlab_rails['lfs_enabled'] = true",
      ],
      () => ["GITLAB_OMNIBUS_CONFIG", "gitlab_rails['initial_root_password'] = File.read('/run/secrets/gitlab_root')"],
      () => ["WORDPRESS_CONFIG_EXTRA", "define('WP_DEBUG', true); define('DISALLOW_FILE_EDIT', true);"],
      () => ["INIT_SQL", "CREATE TABLE users (id serial, password_hash text, token uuid)"],
      () => ["INIT_SQL", "GRANT SELECT ON app.* TO 'reader'@'%'; ALTER USER reader PASSWORD EXPIRE NEVER"],
      () => ["ALLOWED_USERS", "alice,bob,carol"],
      () => ["AUTH_SERVER", `${host(random)}:8080`],
      () => ["KEY_SERVER", "keys.openpgp.org:443"],
      () => ["RUN_AS", "1000:1000"],
      () => ["PASSWORD_SERVICE_HOST", host(random)],
      () => ["TOKEN_SERVICE_PORT", String(random.int(3000, 9000))],
      () => ["SECRETS_SERVICE_PORT_8200_TCP", `tcp://10.96.${random.int(0, 250)}.7:8200`],
      () => ["KEYCLOAK_PORT_8080_TCP_ADDR", `10.96.${random.int(0, 250)}.9`],
      () => ["EXTRA_ARGS", "--web.listen-address=:9090 --auth.type=none"],
      () => ["REDIS_ARGS", "--maxmemory 256mb --save 60 1 --appendonly yes"],
      () => ["JENKINS_OPTS", "--httpPort=8080 --prefix=/jenkins --sessionTimeout=120"],
      () => ["CURL_OPTS", "--silent --show-error --netrc-file /run/secrets/netrc"],
      () => ["TF_CLI_ARGS_apply", "-var-file=prod.tfvars -auto-approve"],
      () => ["MYSQL_ARGS", "-h db -u app --skip-password"],
      () => ["SECURITY_CONTEXT", "runAsNonRoot=true,readOnlyRootFilesystem=true"],
      () => ["PG_HBA", "host all all 10.0.0.0/8 scram-sha-256"],
      () => ["LOG_PATTERN", "%d{ISO8601} [%X{token}] %-5p %c - %m%n"],
      () => [
        "NGINX_CONF_SNIPPET",
        "location / { proxy_pass http://app:8080; proxy_set_header Authorization $http_authorization; }",
      ],
      () => ["OTEL_RESOURCE_ATTRIBUTES", `service.instance.id=${random.uuid()},service.version=${random.hex(7)}`],
      () => ["SSH_OPTS", "-o IdentityFile=/keys/id_ed25519 -o PasswordAuthentication=no"],
      () => ["CORS_HEADERS", "Authorization,X-Api-Key,X-Auth-Token"],
      () => ["CSP", `script-src 'self' 'sha256-${random.base64(32)}'`],
      () => ["ASSET_URL", `https://cdn.example.org/app.${random.hex(20)}.js`],
      () => ["STORE_PATH", `/nix/store/${random.of("a", 32)}-openssl-3.0.13`],
      () => ["WORKER_CACHE", `/cache/sha256/${random.hex(64)}`],
    ]);
    return () => env(random, ...next()());
  },
};

/** Ordinary settings in other places than the environment. */
const elsewhere: Kind = {
  kind: "clean-ordinary-elsewhere",
  weight: 30,
  make: (random) => {
    const next = random.deck(ORDINARY_PAIRS);
    return () => {
      const [name, value] = next();
      return random.pick([
        () => ({ where: "build-arg" as const, name, value }),
        () => ({ where: "label" as const, name: `com.example.${name.toLowerCase()}`, value }),
        () => ({ where: "history" as const, name: "history", value: `ENV ${name}=${value}` }),
        () => ({ where: "history" as const, name: "history", value: `/bin/sh -c #(nop)  ENV ${name}=${value}` }),
      ])();
    };
  },
};

export const HARD: readonly Kind[] = [flags, fragments, elsewhere];
