import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "postgres",
  title: "PostgreSQL",
  schemes: ["postgres", "postgresql"],
  names: ["*PGPASSWORD", "*POSTGRES_PASSWORD", "*POSTGRESQL_PASSWORD", "*DB_PASSWORD", "*DATABASE_PASSWORD"],
  images: [
    {
      repositories: ["postgres", "postgis/postgis", "pgvector/pgvector", "timescale/timescaledb"],
      port: 5432,
      firstInit: [
        {
          variable: "POSTGRES_PASSWORD",
          login: { variable: "POSTGRES_USER", otherwise: "postgres" },
          administers: true,
        },
      ],
      read: "once",
    },
    {
      repositories: ["bitnami/postgresql", "bitnamilegacy/postgresql"],
      port: 5432,
      firstInit: [
        {
          variable: "POSTGRESQL_POSTGRES_PASSWORD",
          login: { variable: null, otherwise: "postgres" },
          administers: true,
        },
        {
          variable: "POSTGRESQL_PASSWORD",
          login: { variable: "POSTGRESQL_USERNAME", otherwise: "postgres" },
          administers: false,
        },
      ],
      read: "once",
    },
  ],
  overlap: "none",
  needs:
    "the role itself; or a superuser; or a role with CREATEROLE (from PostgreSQL 16 on, with ADMIN OPTION on the role)",
  page: "https://www.postgresql.org/docs/current/sql-alterrole.html",
};
