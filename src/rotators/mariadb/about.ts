import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "mariadb",
  title: "MariaDB",
  schemes: ["mysql", "mysql2", "mariadb"],
  names: ["*MYSQL_PASSWORD", "*MARIADB_PASSWORD", "*MYSQL_ROOT_PASSWORD", "*DB_PASSWORD", "*DATABASE_PASSWORD"],
  images: [
    {
      repositories: ["mariadb", "bitnami/mariadb", "bitnamilegacy/mariadb", "linuxserver/mariadb"],
      port: 3306,
      firstInit: [
        { variable: "MARIADB_ROOT_PASSWORD", login: { variable: null, otherwise: "root" }, administers: true },
        { variable: "MYSQL_ROOT_PASSWORD", login: { variable: null, otherwise: "root" }, administers: true },
        { variable: "MARIADB_PASSWORD", login: { variable: "MARIADB_USER", otherwise: "" }, administers: false },
        { variable: "MYSQL_PASSWORD", login: { variable: "MYSQL_USER", otherwise: "" }, administers: false },
      ],
      read: "once",
    },
  ],
  overlap: "both",
  needs: "an account with CREATE USER, and SELECT on mysql.global_priv",
  page: "https://mariadb.com/docs/server/reference/sql-statements/account-management-sql-statements/alter-user",
};
