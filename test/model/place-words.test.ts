import { expect, test } from "vitest";
import type { Location } from "../../src/model/location.ts";
import { placeText, type Place } from "../../src/model/place.ts";
import { fieldWords, placeWords } from "../../src/model/place-words.ts";

const SERVICE = { subject: "service", subjectId: "/srv/shop/compose.yaml#web" } as const;
const FILE = { subject: "file", subjectId: "/srv/shop/.env" } as const;
const IMAGE = { subject: "image", where: "history" } as const;
const ENV: Place = { kind: "field", field: "Config.Env", index: 3 };

function at(place: Place | undefined, more: Partial<Location> = {}): string {
  const path = place === undefined ? "Config.Env[3]" : placeText(place);
  const container = { source: "docker:", subject: "container", subjectName: "web", subjectId: "id" } as const;
  return placeWords({ ...container, where: "env", origin: "own", path, ...(place && { place }), ...more });
}

test.each<[Place | undefined, Partial<Location>, string]>([
  [ENV, {}, "own variable"],
  // Plans and reports of earlier versions.
  [undefined, {}, "own variable"],
  [ENV, { origin: "image" }, "from image"],
  [{ kind: "field", field: "Config.Cmd", line: 4 }, { where: "cmd" }, "command, line 4"],
  [{ kind: "field", field: "Config.Labels.x" }, { where: "label" }, "label"],
  [{ kind: "field", field: "history", index: 6 }, IMAGE, "history"],
  [{ kind: "field", field: "PreviousSpec.Env", index: 0, role: "previous-spec" }, SERVICE, "variable, previous spec"],
  [{ kind: "field", field: "services.web.environment.A", fileLine: 8 }, SERVICE, "compose.yaml:8"],
  [{ kind: "field", field: "services.web.environment.A", fileLine: 8, file: "/srv/b.yaml" }, SERVICE, "b.yaml:8"],
  [{ kind: "line", file: "/srv/shop/app.env", line: 12, name: "DB_PASSWORD" }, SERVICE, "app.env:12"],
  [{ kind: "text", file: null, line: 12 }, FILE, ".env:12"],
  // What has a path already.
  [
    { kind: "text", file: "/app/.env", line: 3, layer: "writable" },
    { where: "file" },
    "/app/.env line 3, writable layer",
  ],
  [{ kind: "field", field: "a.b" }, FILE, "a.b"],
])("%# %j", (place, more, words) => {
  expect(at(place, more)).toBe(words);
});

test.each([
  ["Config.Env", "variable"],
  ["Config.Env[3]", "variable"],
  ["HostConfig.Mounts", "mount"],
  ["Spec.TaskTemplate.ContainerSpec.Command", "entrypoint"],
  ["/srv/Config.Env", "/srv/Config.Env"],
  ["Config.constructor", "Config.constructor"],
  ["History[3].CreatedBy", "History[3].CreatedBy"],
])("in a diff %s is %s", (path, words) => {
  expect(fieldWords(path)).toBe(words);
});
