import type { Location } from "./location.ts";

/** A service declared in a file: a Compose service, a Kubernetes object. */
export type ServiceRef = {
  /** Absolute. The files of a Compose project are joined by `:`, as in `COMPOSE_FILE`. */
  readonly file: string;
  /** The name in the file's format: `web`, `default/Deployment/web`. */
  readonly service: string;
};

/** The service's subject id: `/srv/compose.yaml#web`. */
export function serviceSubjectId({ file, service }: ServiceRef): string {
  return `${file}#${service}`;
}

/** The inverse of `serviceSubjectId`; null if the subject is not a service. */
export function serviceRefOf({ subject, subjectId }: Pick<Location, "subject" | "subjectId">): ServiceRef | null {
  const at = subject === "service" ? subjectId.lastIndexOf("#") : -1;
  return at < 0 ? null : { file: subjectId.slice(0, at), service: subjectId.slice(at + 1) };
}
