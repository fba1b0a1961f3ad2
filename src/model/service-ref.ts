import type { Location } from "./location.ts";

/** A service that a file declares: a Compose project's service, a Kubernetes object. */
export type ServiceRef = {
  /** Absolute; a Compose project's files are joined by `:`, as in `COMPOSE_FILE`. */
  readonly file: string;
  /** What the file's format calls it: `web`, `default/Deployment/web`. */
  readonly service: string;
};

/** The id of its subject: `/srv/compose.yaml#web`. */
export function serviceSubjectId({ file, service }: ServiceRef): string {
  return `${file}#${service}`;
}

/** What `serviceSubjectId` made the subject's id of; null for a subject that is no service of a file. */
export function serviceRefOf({ subject, subjectId }: Pick<Location, "subject" | "subjectId">): ServiceRef | null {
  const at = subject === "service" ? subjectId.lastIndexOf("#") : -1;
  return at < 0 ? null : { file: subjectId.slice(0, at), service: subjectId.slice(at + 1) };
}
