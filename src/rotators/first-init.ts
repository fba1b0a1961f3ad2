import type { RotationEvidence, ServerImage } from "../contract/rotator.ts";
import type { Secret } from "../model/secret.ts";
import { rotatorAbouts } from "./index.ts";
import { textBeside } from "./reveal.ts";

/** A password that a server's container sets, and whose it is. */
export type ServerLogin = {
  readonly rotator: string;
  /** `POSTGRES_PASSWORD`, or `POSTGRES_PASSWORD_FILE`. */
  readonly variable: string;
  /** The variable's value: the password, or the path of its file inside the container. */
  readonly value: Secret;
  readonly isFile: boolean;
  /** Empty if the image does not say it. */
  readonly login: string;
  readonly administers: boolean;
  /** Where the server listens inside its container. */
  readonly port: number;
  readonly read: ServerImage["read"];
};

/** The passwords that a container of this image sets on its server; none for an image that no rotator knows. */
export function serverLogins(image: string, variables: RotationEvidence["variables"]): readonly ServerLogin[] {
  const repository = repositoryOf(image);
  return rotatorAbouts.flatMap(({ id, images }) =>
    images
      .filter(({ repositories }) => repositories.some((one) => `/${repository}`.endsWith(`/${one}`)))
      .flatMap(({ firstInit, port, read }) =>
        firstInit.flatMap(({ variable, login, administers }) => {
          const held = variables.find(({ name, value }) => isEither(name, variable) && value.length > 0);
          if (held === undefined) return [];
          const named = login.variable === null ? null : textBeside({ variables }, new RegExp(`^${login.variable}$`));
          return [
            {
              ...{ rotator: id, variable: held.name, value: held.value, isFile: held.name !== variable },
              ...{ login: named?.text || login.otherwise, administers, port, read },
            },
          ];
        }),
      ),
  );
}

const isEither = (name: string, variable: string): boolean => name === variable || name === `${variable}_FILE`;

/** `postgres` of `registry.example.org:5000/library/postgres:17@sha256:…`; a mirror's own folders before it stay. */
function repositoryOf(image: string): string {
  const [tagged = ""] = image.split("@", 1);
  const slash = tagged.lastIndexOf("/");
  const colon = tagged.indexOf(":", slash);
  return colon < 0 ? tagged : tagged.slice(0, colon);
}
