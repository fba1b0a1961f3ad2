import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeName,
  encodeName,
  fillTemplate,
  namesInPath,
  templateFor,
  templateForms,
  unfillTemplate,
} from "../../src/stores-kit/names.ts";

const ALLOWED = /[A-Za-z0-9_.-]/;

test("any name is encoded into what is allowed, and comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const encoded = encodeName(name, ALLOWED);
      expect(encoded).toMatch(/^[A-Za-z0-9_.-]*$/);
      expect(decodeName(encoded)).toBe(name);
    }),
  );
});

test.each([
  ["DB_PASSWORD", "DB_PASSWORD"],
  ["A/B", "A_x2f_B"],
  ["größe", "gr_xf6__xdf_e"],
  ["_x2f_", "_x5f_x2f_"],
  ["_x5f/", "_x5f_x5f_x2f_"],
  ["DB_X", "DB_X"],
])("%s becomes %s", (name, encoded) => {
  expect(encodeName(name, ALLOWED)).toBe(encoded);
  expect(decodeName(encoded)).toBe(name);
});

test("no two names are encoded alike", () => {
  const piece = fc.constantFrom("_", "x", "_x", "2", "f", "5f", "/", "_x2f_", "_x5f_", "é");
  const name = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(encodeName(a, ALLOWED) === encodeName(b, ALLOWED)).toBe(a === b);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["/apps/{subject}/{name}", { subject: "api", project: "", name: "DB_PASSWORD" }],
  ["{subject}.{name}", { subject: "api", project: "", name: "DB.PASSWORD" }],
  ["{project}/{subject}-x", { subject: "a-b", project: "shop", name: "" }],
])("%s is filled and read again", (template, names) => {
  expect(unfillTemplate(template, fillTemplate(template, names))).toEqual(names);
});

test("what is not of the template tells nothing", () => {
  expect(unfillTemplate("/apps/{subject}/{name}", "/other/api/A")).toEqual({ subject: "", project: "", name: "" });
});

test.each([
  ["{subject}-{name}", "web-PASSWORD", false],
  ["{subject}-{name}", "web-admin-PASSWORD", true],
  ["{project--}{subject}-{name}", "shop--db-PASSWORD", true],
  ["apps/{project/}{subject}", "apps/shop/db-1", false],
  ["apps/{project}-{subject}", "apps/shop-db-1", true],
  ["/apps/{project/}{subject}/{name}", "/apps/a-b/c", false],
] as const)("%s: whether %s has two readings: %s", (template, path, isGuess) => {
  expect(namesInPath(template, path).isGuess === true).toBe(isGuess);
});

const OPTIONAL = "/apps/{project/}{subject}/{name}";

test.each([
  ["a project", { subject: "db", project: "shop" }, "/apps/{project}/{subject}/{name}"],
  ["no project", { subject: "db", project: "" }, "/apps/{subject}/{name}"],
  ["what only stands in for one", { subject: "db", project: "systemd", standIn: true }, "/apps/{subject}/{name}"],
])("an optional part: a subject with %s", (_what, names, form) => {
  expect(templateFor(OPTIONAL, names)).toBe(form);
  expect(templateForms(OPTIONAL)).toContain(form);
  const plain = "/apps/{project}/{subject}/{name}";
  expect([templateFor(plain, names), templateForms(plain)]).toEqual([plain, [plain]]);
});

test.each([
  [OPTIONAL, "/apps/shop/db/A", { subject: "db", project: "shop", name: "A" }],
  [OPTIONAL, "/apps/db/A", { subject: "db", project: "", name: "A" }],
  ["{project..}{subject}.{name}", "shop..db.A.B", { subject: "db", project: "shop", name: "A.B" }],
  ["{project..}{subject}.{name}", "db.A.B", { subject: "db", project: "", name: "A.B" }],
  ["{project--}{subject}-{name}", "shop--db-A", { subject: "db", project: "shop", name: "A" }],
])("%s: %s is read again", (template, text, names) => {
  expect(unfillTemplate(template, text)).toEqual(names);
  expect(fillTemplate(templateFor(template, names), names)).toBe(text);
});
