import { list, map, optional, text, type ShapeCheck } from "../kit/shape.ts";

/**
 * The parts of an engine's responses that are used without further checks: a response in another form is reported as an
 * error instead of crashing the program. Candidates are read from responses of any form.
 */
const mount = map({ Source: optional(text), Name: optional(text) });

const container = map({
  Id: text,
  Names: list(text),
  Image: text,
  ImageID: text,
  Mounts: optional(list(mount)),
});

export const ANSWERS = {
  containers: list(container),
  container: map({
    ...{ Id: text, Name: text, Image: text, State: map({}), Config: map({}), HostConfig: map({}) },
    Mounts: optional(list(mount)),
  }),
  podmanContainer: map({
    ...{ Name: text, StaticDir: text, HostConfig: map({ LogConfig: optional(map({})) }) },
    Config: map({ Env: optional(list(text)), Secrets: optional(list(map({ Name: text }))) }),
  }),
  images: list(map({ Id: text, RepoTags: optional(list(text)), RepoDigests: optional(list(text)) })),
  image: map({
    ...{ Id: text, RepoTags: optional(list(text)), Config: optional(map({})) },
    RootFS: optional(map({ Layers: optional(list(text)) })),
  }),
  history: list(map({ Id: optional(text), CreatedBy: optional(text), Comment: optional(text) })),
  volumes: map({ Volumes: optional(list(map({ Name: text, Options: optional(map({})) }))) }),
  version: map({ ApiVersion: text }),
  info: map({}),
} as const satisfies { readonly [what: string]: ShapeCheck };
