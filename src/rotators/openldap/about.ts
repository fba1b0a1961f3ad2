import type { RotatorAbout } from "../../contract/rotator.ts";

export const about: RotatorAbout = {
  id: "openldap",
  title: "OpenLDAP",
  schemes: ["ldap", "ldaps"],
  names: ["*LDAP_PASSWORD", "*LDAP_*_PASSWORD", "*LDAP_BIND_PW", "*LDAP_BIND_CREDENTIALS"],
  images: [
    {
      repositories: ["osixia/openldap"],
      port: 389,
      firstInit: [
        { variable: "LDAP_ADMIN_PASSWORD", login: { variable: null, otherwise: "" }, administers: true },
        { variable: "LDAP_READONLY_USER_PASSWORD", login: { variable: null, otherwise: "" }, administers: false },
      ],
      read: "once",
    },
    {
      repositories: ["bitnami/openldap", "bitnamilegacy/openldap"],
      port: 1389,
      firstInit: [{ variable: "LDAP_ADMIN_PASSWORD", login: { variable: null, otherwise: "" }, administers: true }],
      read: "once",
    },
  ],
  overlap: "both",
  needs: "a DN that may read and write userPassword of the entry",
  page: "https://www.openldap.org/doc/admin26/security.html#Password%20Storage",
};
