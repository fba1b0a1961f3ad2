import type { Drawn, Kind } from "../tools/row.ts";
import { host, SERVICES } from "../tools/words.ts";

const label: Kind = {
  kind: "clean-label",
  weight: 55,
  make: (random) => {
    const s = (): string => random.pick(SERVICES);
    const next = random.deck<() => readonly [string, string]>([
      () => ["com.docker.compose.project", s()],
      () => ["com.docker.compose.config-hash", random.hex(64)],
      () => ["com.docker.compose.image", `sha256:${random.hex(64)}`],
      () => ["com.docker.compose.project.config_files", `/srv/${s()}/docker-compose.yml`],
      () => ["com.docker.compose.depends_on", "db:service_healthy:false,redis:service_started:true"],
      () => ["com.docker.compose.container-number", "1"],
      () => ["com.docker.compose.oneoff", "False"],
      () => ["org.opencontainers.image.revision", random.hex(40)],
      () => ["org.opencontainers.image.version", `v${random.int(0, 9)}.${random.int(0, 30)}.1`],
      () => ["org.opencontainers.image.created", "2025-03-04T05:06:07.123Z"],
      () => ["org.opencontainers.image.source", `https://github.com/acme/${s()}`],
      () => ["org.opencontainers.image.licenses", "Apache-2.0"],
      () => ["org.opencontainers.image.base.digest", `sha256:${random.hex(64)}`],
      () => ["io.kubernetes.pod.uid", random.uuid()],
      () => ["io.kubernetes.pod.name", `${s()}-${random.of("a", 10)}-${random.of("a", 5)}`],
      () => ["io.kubernetes.container.hash", random.hex(8)],
      () => ["annotation.io.kubernetes.container.terminationMessagePath", "/dev/termination-log"],
      () => ["io.kubernetes.docker.type", "container"],
      () => ["traefik.http.routers.app.rule", `Host(\`${s()}.example.org\`) && PathPrefix(\`/api\`)`],
      () => ["traefik.http.middlewares.auth.forwardauth.address", "http://authelia:9091/api/verify"],
      () => ["traefik.http.middlewares.auth.basicauth.usersfile", "/run/secrets/users"],
      () => ["traefik.http.middlewares.sec.headers.stsSeconds", "31536000"],
      () => ["com.centurylinklabs.watchtower.enable", "true"],
      () => ["com.docker.swarm.node.id", random.of("a", 25)],
      () => ["com.docker.swarm.task.id", random.of("a", 25)],
      () => ["com.docker.stack.namespace", s()],
      () => ["maintainer", "Jane Doe <jane@example.org>"],
      () => ["caddy.reverse_proxy", "{{upstreams 8080}}"],
      () => ["prometheus.io/path", "/metrics"],
      () => ["homepage.widget.key", "{{HOMEPAGE_VAR_SONARR_KEY}}"],
      () => ["ofelia.job-exec.backup.schedule", "@every 24h"],
      () => ["vault.example.org/secret-path", `secret/data/${s()}`],
      () => ["desktop.docker.io/binds/0/Source", "/Users/ada/src/token-service"],
    ]);
    return (): Drawn => {
      const [name, value] = next()();
      return { where: "label", name, value };
    };
  },
};

const history: Kind = {
  kind: "clean-history",
  weight: 55,
  make: (random) => {
    const next = random.deck<() => string>([
      () => `/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]`,
      () => `/bin/sh -c #(nop) ADD file:${random.hex(64)} in / `,
      () => `/bin/sh -c #(nop) COPY dir:${random.hex(64)} in /usr/src/app`,
      () => `COPY --chown=app:app /app/password-reset /srv/app # buildkit`,
      () =>
        `RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates gnupg passwd && rm -rf /var/lib/apt/lists/* # buildkit`,
      () =>
        `RUN /bin/sh -c curl -fsSLO "https://example.org/t.tgz" && echo "${random.hex(64)} *t.tgz" | sha256sum -c - # buildkit`,
      () =>
        `RUN |2 VERSION=1.4.2 SHA256=${random.hex(64)} /bin/sh -c wget -O /a.tgz https://example.org/a-$VERSION.tgz # buildkit`,
      () => `|1 GIT_COMMIT=${random.hex(40)} /bin/sh -c echo $GIT_COMMIT > /version`,
      () =>
        `RUN /bin/sh -c gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys ${random.of("H", 40)} # buildkit`,
      () => `ENV GPG_KEY=${random.of("H", 40)}`,
      () => `/bin/sh -c #(nop)  ENV NODE_VERSION=20.11.1`,
      () => `ENV DB_PASSWORD_FILE=/run/secrets/db_password`,
      () => `ARG NPM_TOKEN`,
      () => `/bin/sh -c #(nop)  ARG DEPLOY_PASSWORD`,
      () => `RUN /bin/sh -c --mount=type=secret,id=npm_token NPM_TOKEN=$(cat /run/secrets/npm_token) npm ci # buildkit`,
      () => `RUN /bin/sh -c echo "//registry.npmjs.org/:_authToken=\${NPM_TOKEN}" > .npmrc # buildkit`,
      () => `RUN /bin/sh -c passwd -l root && adduser --disabled-password --gecos '' app # buildkit`,
      () =>
        `RUN /bin/sh -c sed -ri 's/^#?PermitRootLogin.*/PermitRootLogin prohibit-password/' /etc/ssh/sshd_config # buildkit`,
      () => `EXPOSE map[8080/tcp:{}]`,
      () => `USER 65532:65532`,
      () => `WORKDIR /opt/secrets-manager`,
      () => `ENTRYPOINT ["/usr/bin/tini" "--"]`,
      () => `LABEL org.opencontainers.image.revision=${random.hex(40)}`,
      () => `RUN |1 TOKENIZER=bert-base /bin/sh -c python -m spacy download en_core_web_sm # buildkit`,
      () =>
        `RUN /bin/sh -c git clone --branch v1.2.3 https://github.com/acme/keyring.git && cd keyring && git checkout ${random.hex(40)} # buildkit`,
      () => `COPY token-service /usr/local/bin/ # buildkit`,
      () =>
        `/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost/ || exit 1"] "30s" "3s" "0s" "0s" '\\x00'}`,
      () => `RUN /bin/sh -c pip install --no-cache-dir --require-hashes -r requirements.txt # buildkit`,
    ]);
    return (): Drawn => ({ where: "history", name: "history", value: next()() });
  },
};

const buildArg: Kind = {
  kind: "clean-build-arg",
  weight: 28,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => ["VERSION", `${random.int(1, 9)}.${random.int(0, 20)}.0`],
      () => ["GIT_COMMIT", random.hex(40)],
      () => ["BUILD_DATE", "2025-03-04T05:06:07Z"],
      () => ["TARGETPLATFORM", "linux/arm64/v8"],
      () => ["NODE_SHA256", random.hex(64)],
      () => ["BASE_IMAGE", `python:3.12-slim@sha256:${random.hex(64)}`],
      () => ["NPM_TOKEN", ""],
      () => ["NPM_TOKEN", "${NPM_TOKEN}"],
      () => ["UID", "1000"],
      () => ["PIP_INDEX_URL", `https://${host(random)}/simple`],
      () => ["SECRET_ID", "npm_token"],
      () => ["BUILDKIT_INLINE_CACHE", "1"],
      () => ["MAVEN_OPTS", "-Xmx2g -Dmaven.repo.local=/m2"],
      () => ["GPG_KEYS", `${random.of("H", 40)} ${random.of("H", 40)}`],
      () => ["VITE_API_URL", `https://${host(random)}/api`],
      () => ["NEXT_PUBLIC_GA_ID", `G-${random.of("A", 10)}`],
    ]);
    return (): Drawn => {
      const [name, value] = next()();
      return { where: "build-arg", name, value };
    };
  },
};

const health: Kind = {
  kind: "clean-healthcheck",
  weight: 24,
  make: (random) => {
    const next = random.deck<string>([
      "curl -f http://localhost:8080/health || exit 1",
      "pg_isready -U app -d app",
      "redis-cli ping | grep PONG",
      "mysqladmin ping -h localhost -u root -p$MYSQL_ROOT_PASSWORD",
      'mysqladmin ping -h localhost --password="$(cat /run/secrets/db_root)"',
      "wget -qO- http://127.0.0.1/ping",
      "mongosh --quiet --eval 'db.adminCommand(\"ping\").ok'",
      "rabbitmq-diagnostics -q check_running",
      "healthcheck.sh --connect --innodb_initialized",
      "nc -z localhost 9092",
      "curl -u elastic:${ELASTIC_PASSWORD} -fs http://localhost:9200",
      "kafka-topics.sh --bootstrap-server localhost:9092 --list",
      "test -f /tmp/token-ready",
    ]);
    return (): Drawn => {
      const text = next();
      const value = random.pick([
        () => `CMD-SHELL ${text}`,
        () => JSON.stringify(["CMD-SHELL", text]),
        () => JSON.stringify(["CMD", "sh", "-c", text]),
      ])();
      return { where: "healthcheck", name: random.pick(["Healthcheck", "Healthcheck.Test"]), value };
    };
  },
};

export const CLEAN_PLACES: readonly Kind[] = [label, history, buildArg, health];
