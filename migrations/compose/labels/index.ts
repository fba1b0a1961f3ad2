/*
 * Labels that hold a secret and may name a file instead: Traefik's `basicauth.users`. Traefik can
 * read a file of the container that it runs in, so only that container's labels move.
 */
export { labelAt, labelsFilledFrom, usersFileKey, type UsersLabel } from "./users.ts";
export { labelSecrets } from "./moving.ts";
export { labelsGiven, withLabels } from "./given.ts";
export { dropLabels, relabel, withFormerLabels, withoutRelabelled } from "./rewrite.ts";
export { mustBeTraefik, whatToWrite } from "./refuse.ts";
