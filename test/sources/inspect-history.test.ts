import { expect, test } from "vitest";
import { inspectReading } from "../../src/sources/inspect-file.ts";

/** What `podman image inspect` prints besides what Docker does. Source: containers/podman, docs: podman-image-inspect. */
const image = (History: unknown): object => ({
  Id: "1".repeat(64),
  RepoTags: ["localhost/app:1"],
  Config: { Env: ["A=b"] },
  RootFS: { Type: "layers", Layers: [] },
  History,
});

const values = (document: object): string[] =>
  inspectReading("inspect:a.json", document, () => false).flatMap((reading) =>
    reading.kind === "subject"
      ? reading.candidates.map(({ name, value, location: { where, path } }) =>
          [where, name, value.exposeText(), path].join(" "),
        )
      : reading.kind === "error"
        ? [reading.message]
        : [],
  );

test("the history that Podman prints with an image is read", () => {
  const history = [
    { created: "2025-01-01T00:00:00Z", created_by: "/bin/sh -c #(nop) ADD file:1 in / " },
    { created: "2025-01-01T00:00:00Z", created_by: "|1 TOKEN=given /bin/sh -c make", comment: "FROM base" },
  ];
  expect(values(image(history))).toEqual([
    "image-env A b Config.Env[0]",
    "history history /bin/sh -c #(nop) ADD file:1 in /  History[0].CreatedBy",
    "build-arg TOKEN given History[1].CreatedBy",
    "history history /bin/sh -c make History[1].CreatedBy",
    "history comment FROM base History[1].Comment",
  ]);
});

test("an image without one is read as before, and a history in another form is told", () => {
  expect(values(image(undefined))).toEqual(["image-env A b Config.Env[0]"]);
  expect(values(image("none"))).toEqual([
    "image-env A b Config.Env[0]",
    "part of it is not in the form that the engine writes: History",
  ]);
});
