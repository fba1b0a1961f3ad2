import { expect, it } from "vitest";
import { earlierLastingText, earlierPlace, earlierRole } from "../../src/model/earlier-place.ts";
import {
  FIELD_ROLES,
  fieldRole,
  lastingText,
  mapPlace,
  placeText,
  type LayerPlace,
  type Place,
} from "../../src/model/place.ts";

const lower = (does: "deleted" | "replaced"): LayerPlace => ({ number: 1, of: 3, fate: { does, in: 2 } });
const field = (name: string): { readonly kind: "field"; readonly field: string } => ({ kind: "field", field: name });

const PLACES: readonly (readonly [text: string, lasting: string, place: Place])[] = [
  ["Config.Env[3]", "Config.Env", { ...field("Config.Env"), index: 3 }],
  ["History[0].CreatedBy", "History[0].CreatedBy", field("History[0].CreatedBy")],
  ['Config.Labels["a.b"]', 'Config.Labels["a.b"]', field('Config.Labels["a.b"]')],
  [
    "prod/ConfigMap/web data.app:7",
    "prod/ConfigMap/web data.app",
    { ...field("data.app"), object: "prod/ConfigMap/web", line: 7 },
  ],
  [
    "/srv/app.env:12 DB_PASSWORD",
    "/srv/app.env DB_PASSWORD",
    { kind: "line", file: "/srv/app.env", line: 12, name: "DB_PASSWORD" },
  ],
  [
    "/srv/compose.yaml:4 services.web.command[1]",
    "/srv/compose.yaml services.web.command",
    { kind: "line", file: "/srv/compose.yaml", line: 4, name: "services.web.command", index: 1 },
  ],
  ["line 5", "", { kind: "text", file: null, line: 5 }],
  ["app/.env line 5, writable layer", "app/.env ", { kind: "text", file: "app/.env", line: 5, layer: "writable" }],
  [
    "app/.env line 5, layer 1 of 3, deleted in layer 2",
    "app/.env ",
    { kind: "text", file: "app/.env", line: 5, layer: lower("deleted") },
  ],
  [
    "app/key.der, layer 1 of 3, replaced in layer 2",
    "app/key.der",
    { kind: "text", file: "app/key.der", line: null, layer: lower("replaced") },
  ],
  [
    "app/key.der, layer 3 of 3",
    "app/key.der",
    { kind: "text", file: "app/key.der", line: null, layer: { number: 3, of: 3, fate: null } },
  ],
  [
    "layers[0].predicate.data, line 3",
    "layers[0].predicate.data, ",
    { kind: "embedded", field: "layers[0].predicate.data", line: 3 },
  ],
  [
    "ref+vault://apps/web#/DB_PASSWORD",
    "ref+vault://apps/web#/DB_PASSWORD",
    { kind: "reference", reference: "ref+vault://apps/web#/DB_PASSWORD" },
  ],
];

it.each(PLACES)("%s", (text, lasting, place) => {
  expect(placeText(place)).toBe(text);
  expect(lastingText(place)).toBe(lasting);
  // Ids of earlier versions were made from the text: those of baselines and scrubbed runs.
  expect(earlierLastingText(text)).toBe(lasting);
});

it.each<readonly [lasting: string, earlier: string, place: Place]>([
  ["/srv/app.env backup:12", "/srv/app.env backup", { kind: "line", file: "/srv/app.env", line: 3, name: "backup:12" }],
  ["data.backup:12", "data.backup", field("data.backup:12")],
  ["app/backup:12", "app/backup", { kind: "text", file: "app/backup:12", line: null }],
])("%s is a name that looks like a position, and stays whole", (lasting, earlier, place) => {
  expect(lastingText(place)).toBe(lasting);
  // Text alone does not show which it is.
  expect(earlierLastingText(placeText(place))).toBe(earlier);
});

it.each(FIELD_ROLES)("the role %s is part of the place, not of its text or a finding's id", (role) => {
  const place: Place = { ...field("Config.Env"), index: 3, role };
  expect(fieldRole(place)).toBe(role);
  expect([placeText(place), lastingText(place)]).toEqual(["Config.Env[3]", "Config.Env"]);
  expect(fieldRole(mapPlace(place, (text) => `${text}!`))).toBe(role);
  expect(fieldRole({ kind: "embedded", field: "layers[0]", line: 1, role })).toBe(role);
});

it("a place of another kind has no role, nor has a field that says none", () => {
  expect(fieldRole(undefined)).toBeNull();
  expect(fieldRole({ kind: "line", file: "a", line: 1, name: "b" })).toBeNull();
  expect(fieldRole(field("ContainerConfig.Env"))).toBeNull();
  // Plans of earlier versions say it in the text alone.
  expect(earlierRole("ContainerConfig.Cmd")).toBe("builder");
  expect(earlierRole("Config.Cmd")).toBeNull();
});

it("a line of an earlier plan is read from its text; other places are not", () => {
  const place = { kind: "line", file: "/srv/a:1 b.env", line: 12, name: "NAME WITH SPACE" };
  expect(earlierPlace("/srv/a:1 b.env:12 NAME WITH SPACE")).toEqual(place);
  expect(earlierPlace("line 5")).toEqual({ kind: "text", file: null, line: 5 });
  expect(earlierPlace("Config.Env[3]")).toBeNull();
});

it("every text of a place is changed, and nothing else", () => {
  const change = (text: string): string => `${text}!`;
  expect(mapPlace({ kind: "line", file: "a", line: 1, name: "b" }, change)).toEqual({
    kind: "line",
    file: "a!",
    line: 1,
    name: "b!",
  });
  expect(mapPlace({ kind: "text", file: "a", line: null, layer: "writable" }, change)).toEqual({
    kind: "text",
    file: "a!",
    line: null,
    layer: "writable",
  });
});
