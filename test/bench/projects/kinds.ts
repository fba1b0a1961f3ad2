type Kind = {
  /** Which images it stands for. */
  readonly of: RegExp;
  /** Its entrypoint script, and other files of the image, by their names in `--entrypoints DIR/KIND`. */
  readonly files: { readonly [name: string]: string };
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env?: readonly string[];
  readonly workdir?: string;
  /** What its image declares as a volume, and its entrypoint gives to another user. */
  readonly volume?: string;
  /** It has a health check of its own, on which others wait. */
  readonly isChecked?: boolean;
};

const SCRIPT = { "docker-entrypoint.sh": "/usr/local/bin/docker-entrypoint.sh" };
const DATABASE = { files: SCRIPT, entrypoint: ["docker-entrypoint.sh"] };

/** Images whose public entrypoint decides how a value can be delivered. */
export const KINDS: { readonly [name: string]: Kind } = {
  linuxserver: { of: /^(lscr\.io\/|ghcr\.io\/)?linuxserver\//, files: {}, entrypoint: ["/init"], cmd: [] },
  gluetun: { of: /(^|\/)gluetun$/, files: {}, entrypoint: ["/gluetun-entrypoint"], cmd: [], isChecked: true },
  grafana: {
    of: /(^|\/)grafana\/grafana(-oss|-enterprise)?$/,
    files: { "run.sh": "/run.sh" },
    entrypoint: ["/run.sh"],
    cmd: [],
    env: ["GF_PATHS_CONFIG=/etc/os", "GF_PATHS_DATA=/tmp", "GF_PATHS_HOME=/tmp", "GF_PATHS_PLUGINS=/tmp/plugins"],
  },
  wordpress: {
    ...DATABASE,
    of: /(^|\/)wordpress$/,
    files: { ...SCRIPT, "wp-config-docker.php": "/usr/src/wordpress/wp-config-docker.php" },
    cmd: ["apache2-foreground"],
    workdir: "/var/www/html",
    volume: "/var/www/html",
  },
  nextcloud: {
    of: /(^|library\/)nextcloud$/,
    files: { "entrypoint.sh": "/entrypoint.sh" },
    entrypoint: ["/entrypoint.sh"],
    cmd: ["apache2-foreground"],
    volume: "/var/www/html",
  },
  mariadb: { ...DATABASE, of: /(^|library\/)mariadb$/, cmd: ["mariadbd"], volume: "/var/lib/mysql" },
  mysql: { ...DATABASE, of: /(^|library\/)(mysql|percona)$/, cmd: ["mysqld"], volume: "/var/lib/mysql" },
  mongo: { ...DATABASE, of: /(^|library\/)mongo$/, cmd: ["mongod"], volume: "/data/db" },
  redis: { ...DATABASE, of: /(^|\/)(redis|redis-stack-server)$/, cmd: ["redis-server"], volume: "/data" },
  traefik: {
    of: /(^|library\/)traefik$/,
    files: { "entrypoint.sh": "/entrypoint.sh" },
    entrypoint: ["/entrypoint.sh"],
    cmd: ["traefik"],
  },
  rabbitmq: { ...DATABASE, of: /(^|library\/)rabbitmq$/, cmd: ["rabbitmq-server"], volume: "/var/lib/rabbitmq" },
  postgres: {
    ...DATABASE,
    of: /(^|\/)(postgres|postgis|pgvector|timescaledb(-ha)?|immich-app\/postgres)$/,
    cmd: ["postgres"],
    env: ["PGDATA=/var/lib/postgresql/data"],
    volume: "/var/lib/postgresql/data",
  },
};

/** Published from scratch or on a base without a shell. */
export const SHELL_LESS =
  /(^|\/)(portainer-(ce|ee)|cloudflared|watchtower|whoami|dozzle|loki|tempo|distroless\/[\w.-]+|scratch|gotify\/server)$/;
/** What people build on: no entrypoint, so a command runs as it is. */
export const BARE =
  /(^|\/)(alpine|busybox|ubuntu|debian|python|node|golang|ruby|openjdk|eclipse-temurin|php|maven|bun)$/;
/** Whose public Dockerfile begins with Debian, Ubuntu or CentOS and perl: those made from Alpine's have none. */
const WITH_PERL = /(^|\/)(canal\/canal-(server|admin)|apache\/dubbo-admin|conductor|sonarqube)(:|$)/;
const DEBIAN =
  /(^|\/)(debian|ubuntu|python|node|golang|ruby|php|eclipse-temurin|maven|gradle|dotnet\/(aspnet|runtime|sdk))(:|$)|(^|\/)openjdk:(8|11|\S*(slim|buster|bullseye))/;

export const hasPerl = (image: string): boolean =>
  WITH_PERL.test(image) || (DEBIAN.test(image) && !/alpine|chiseled/.test(image));
